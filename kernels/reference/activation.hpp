// The scalar functions of the model, and the ops that map them over a span.
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

/// sigma(x) = 1 / (1 + exp(-x)). The exponential is only ever taken of -|x|, so nothing overflows and small
/// results keep all their digits; 1 - sigma(x) is sigma(-x), without cancellation.
template <class Real>
Real sigmoid(Real x) {
  const Real e = std::exp(-std::abs(x));
  return (x < 0 ? e : Real{1}) / (Real{1} + e);
}

/// silu(x) = x sigma(x).
template <class Real>
Real silu(Real x) {
  return x * sigmoid(x);
}

template <class Real>
Real activate(Activation activation, Real x) {
  switch (activation) {
    case Activation::relu:
      return x < 0 ? Real{0} : x;  // not x > 0 ? x : 0, which would hide a NaN
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::silu:
      return silu(x);
    case Activation::none:
      break;
  }
  return x;
}

template <class Real>
void exp(const Map<Real>& map) {
  for (std::size_t i = 0; i < map.n; ++i) map.y[i] = std::exp(map.x[i]);
}

template <class Real>
void tanh(const Map<Real>& map) {
  for (std::size_t i = 0; i < map.n; ++i) map.y[i] = std::tanh(map.x[i]);
}

template <class Real>
void sigmoid(const Map<Real>& map) {
  for (std::size_t i = 0; i < map.n; ++i) map.y[i] = sigmoid(map.x[i]);
}

template <class Real>
void silu(const Map<Real>& map) {
  for (std::size_t i = 0; i < map.n; ++i) map.y[i] = silu(map.x[i]);
}

/// Forward: y = relu(x). Backward: dx = dy where y > 0; the derivative at 0 is 0.
template <class Real>
void relu_backward(const ReluBackward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t n = 0; n < p.N; ++n) {
      const Real dy = p.dy[b * p.ld_dy + n];
      p.dx[b * p.ld_dx + n] = p.y[b * p.ldy + n] > 0 ? dy : Real{0};
    }
  }
}

/// Forward: y = silu(a). Backward: the derivative comes from a; y does not tell it.
template <class Real>
void silu_backward(const SiluBackward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t n = 0; n < p.N; ++n) {
      const Real a = p.a[b * p.lda + n];
      const Real slope = sigmoid(a) * (1 + a * sigmoid(-a));
      p.dx[b * p.ld_dx + n] = p.dy[b * p.ld_dy + n] * slope;
    }
  }
}

}  // namespace dcrnn::kernels::reference
