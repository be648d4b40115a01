// Update rules on flat spans.
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

template <class Real>
void adam(const Adam<Real>& o) {
  for (std::size_t i = 0; i < o.n; ++i) {
    const Real coupled = o.decoupled ? Real{0} : o.decay;
    const Real shrink = o.decoupled ? o.rate * o.decay : Real{0};
    const Real g = o.grad_scale * o.grad[i] + coupled * o.p[i];
    o.m[i] = o.beta1 * o.m[i] + (1 - o.beta1) * g;
    o.v[i] = o.beta2 * o.v[i] + (1 - o.beta2) * g * g;
    const Real step = o.m[i] / o.correction1 / (std::sqrt(o.v[i] / o.correction2) + o.epsilon);
    o.p[i] = o.p[i] - shrink * o.p[i] - o.rate * step;
  }
}

template <class Real>
void sgd(const Sgd<Real>& o) {
  for (std::size_t i = 0; i < o.n; ++i) {
    const Real g = o.grad_scale * o.grad[i] + o.decay * o.p[i];
    o.m[i] = o.momentum * o.m[i] + g;
    o.p[i] -= o.rate * o.m[i];
  }
}

template <class Real>
void adagrad(const Adagrad<Real>& o) {
  for (std::size_t i = 0; i < o.n; ++i) {
    const Real g = o.grad_scale * o.grad[i] + o.decay * o.p[i];
    o.s[i] += g * g;
    o.p[i] -= o.rate * g / (std::sqrt(o.s[i]) + o.epsilon);
  }
}

}  // namespace dcrnn::kernels::reference
