// The gate of a partial-sharing block: how much of each shared unit a task lets in.
#pragma once

#include <cstddef>

#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

template <class Real>
void gate_forward(const GateForward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t n = 0; n < p.S; ++n) {
      // 1. out = g * s    (g = sigma(a) comes out of the product that made it)
      const Real s = p.s[b * p.ld_s + n];
      p.out[b * p.ld_out + n] = p.g != nullptr ? p.g[b * p.g_row + n] * s : s;
    }
  }
}

template <class Real>
void gate_backward(const GateBackward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t n = 0; n < p.S; ++n) {
      // 1. out = g * s, with g = sigma(a): dg / da = g * (1 - g)
      const Real dout = p.dout[b * p.ld_dout + n];
      if (p.g == nullptr) {
        p.ds[b * p.ld_s + n] += dout;
        continue;
      }
      const Real g = p.g[b * p.g_row + n];
      p.ds[b * p.ld_s + n] += dout * g;
      p.da[b * p.ld_s + n] = dout * p.s[b * p.ld_s + n] * (g * (1 - g));
    }
  }
}

}  // namespace dcrnn::kernels::reference
