// Update rules on flat spans, or on rows of a table.
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

/// Calls f(i, j) for every element: i its place in the parameters and the state, j in the gradient.
template <class Rule, class F>
void for_elements(const Rule& o, F&& f) {
  for (std::size_t row = 0; row < o.touched.count; ++row) {
    const std::size_t first = o.touched.rows != nullptr ? o.touched.rows[row] * o.n : 0;
    for (std::size_t j = 0; j < o.n; ++j) f(first + j, row * o.n + j);
  }
}

template <class Real>
void adam(const Adam<Real>& o) {
  const Real coupled = o.decoupled ? Real{0} : o.decay;
  const Real shrink = o.decoupled ? o.rate * o.decay : Real{0};
  for_elements(o, [&](std::size_t i, std::size_t j) {
    const Real g = o.grad_scale * o.grad[j] + coupled * o.p[i];
    o.m[i] = o.beta1 * o.m[i] + (1 - o.beta1) * g;
    o.v[i] = o.beta2 * o.v[i] + (1 - o.beta2) * g * g;
    const Real step = o.m[i] / o.correction1 / (std::sqrt(o.v[i] / o.correction2) + o.epsilon);
    o.p[i] = o.p[i] - shrink * o.p[i] - o.rate * step;
  });
}

template <class Real>
void sgd(const Sgd<Real>& o) {
  for_elements(o, [&](std::size_t i, std::size_t j) {
    const Real g = o.grad_scale * o.grad[j] + o.decay * o.p[i];
    o.m[i] = o.momentum * o.m[i] + g;
    o.p[i] -= o.rate * o.m[i];
  });
}

template <class Real>
void adagrad(const Adagrad<Real>& o) {
  for_elements(o, [&](std::size_t i, std::size_t j) {
    const Real g = o.grad_scale * o.grad[j] + o.decay * o.p[i];
    o.s[i] += g * g;
    o.p[i] -= o.rate * g / (std::sqrt(o.s[i]) + o.epsilon);
  });
}

}  // namespace dcrnn::kernels::reference
