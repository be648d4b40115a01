// Arguments of the update rules. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dcrnn::kernels {

/// Which rows of a table an update rule works on: row i of the gradient [count, n] belongs to row rows[i] of
/// the parameters and of the state; each row at most once. Without rows: a span of n elements.
struct TouchedRows {
  const std::uint32_t* rows = nullptr;
  std::size_t count = 1;
};

/// Adam (Kingma & Ba 2015) on a span: g = grad_scale * grad (+ decay * p); m = beta1 m + (1 - beta1) g;
/// v = beta2 v + (1 - beta2) g^2; p -= rate * (m / correction1) / (sqrt(v / correction2) + epsilon).
/// `decoupled` (AdamW): p -= rate * decay * p instead of adding decay * p to g.
template <class Real>
struct Adam {
  std::size_t n;
  Real* p;
  const Real* grad;
  Real *m, *v;
  Real rate, beta1, beta2, epsilon, decay, correction1, correction2, grad_scale;
  bool decoupled;
  TouchedRows touched = {};
};

/// SGD with momentum as in torch.optim.SGD: g = grad_scale * grad + decay * p; m = momentum * m + g; p -=
/// rate * m.
template <class Real>
struct Sgd {
  std::size_t n;
  Real* p;
  const Real* grad;
  Real* m;
  Real rate, momentum, decay, grad_scale;
  TouchedRows touched = {};
};

/// Adagrad: g as in Sgd; s += g^2; p -= rate * g / (sqrt(s) + epsilon).
template <class Real>
struct Adagrad {
  std::size_t n;
  Real* p;
  const Real* grad;
  Real* s;
  Real rate, epsilon, decay, grad_scale;
  TouchedRows touched = {};
};

}  // namespace dcrnn::kernels
