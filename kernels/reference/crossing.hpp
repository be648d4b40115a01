// The crossings of x0 with what a layer makes of its input, and their gradients. Gradients of x0 come from u
// and g, never from h' - h. What u and g are products of, and their parameters, is left to the caller.
#pragma once

#include <cstddef>

#include "kernels/reference/reduce.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

template <class Real>
void crossing_forward(const CrossingForward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < p.D; ++j) {
      const std::size_t i = b * p.ld + j;
      // 1. h' = x0 * u * g + h    (g = sigma(a) comes out of the product that made it)
      const Real crossed = p.x0[i] * p.u[i];
      p.h_next[i] = p.h[i] + (p.g != nullptr ? crossed * p.g[i] : crossed);
    }
  }
}

template <class Real>
void crossing_backward(const CrossingBackward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < p.D; ++j) {
      const std::size_t i = b * p.ld + j;
      // 1. h' = x0 * u * g + h, with g = sigma(a): dg / da = g * (1 - g)
      const Real dh_next = p.dh_next[i], x0 = p.x0[i], u = p.u[i];
      const Real g = p.g != nullptr ? p.g[i] : Real{1};
      p.dx0[i] += dh_next * g * u;
      p.du[i] = dh_next * g * x0;
      if (p.g != nullptr) p.da[i] = dh_next * x0 * u * (g * (1 - g));
      p.dh[i] = dh_next;
    }
  }
}

template <class Real>
void vector_crossing_forward(const VectorCrossingForward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < p.D; ++j) {
      const std::size_t i = b * p.ld + j;
      // 1. h' = u x0 + b + h
      p.h_next[i] = p.h[i] + (p.u[b] * p.x0[i] + p.bias[j]);
    }
  }
}

template <class Real>
void vector_crossing_backward(const VectorCrossingBackward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    // 1. h' = u x0 + b + h
    const Real u = p.u[b];
    const Real* const dh_next = p.dh_next + b * p.ld;
    p.du[b] = static_cast<Real>(inner_product(p.D, dh_next, p.x0 + b * p.ld));
    for (std::size_t j = 0; j < p.D; ++j) {
      const std::size_t i = b * p.ld + j;
      p.dx0[i] += u * dh_next[j];
      p.dh[i] = dh_next[j];
    }
  }
}

}  // namespace dcrnn::kernels::reference
