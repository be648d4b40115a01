// The mixtures and the softmax of kernels/reference/mix.hpp.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/simd/lanes.hpp"
#include "kernels/simd/reduce.hpp"
#include "kernels/simd/rows.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

template <class A>
void mix_forward(const MixForward<float>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for_lanes<A>(p.m, [&](std::size_t j, auto lanes) {
      const float* g = p.g + b * p.g_row;
      Vector<A> sum(0.0f);
      for (std::size_t source = 0; source < p.sources; ++source) {
        const Units<const float>& units = p.units[source];
        const float* e = units.data + b * units.ld + j;
        for (std::size_t unit = 0; unit < units.count; ++unit, ++g, e += p.m) {
          sum = multiply_add(Vector<A>(*g), lanes.load(e), sum);
        }
      }
      lanes.store(p.out + b * p.ld_out + j, sum);
    });
  }
}

template <class A>
void mix_backward(const MixBackward<float>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const float* const dout = p.dout + b * p.ld_dout;
    std::size_t i = 0;
    for (std::size_t source = 0; source < p.sources; ++source) {
      const float* e = p.units[source].data + b * p.units[source].ld;
      float* de = p.dunits[source].data + b * p.dunits[source].ld;
      for (std::size_t unit = 0; unit < p.units[source].count; ++unit, ++i, e += p.m, de += p.m) {
        const Vector<A> g(p.g[b * p.g_row + i]);
        for_lanes<A>(p.m, [&](std::size_t j, auto lanes) {
          lanes.store(de + j, multiply_add(g, lanes.load(dout + j), lanes.load(de + j)));
        });
        if (p.dg != nullptr) p.dg[b * p.ld_dg + i] = static_cast<float>(inner_product<A>(p.m, dout, e));
      }
    }
  }
}

template <class A>
void softmax_forward(const SoftmaxForward<float>& p) {
  constexpr std::size_t kRows = kLanes<A, double>;
  for (std::size_t b = 0; b < p.B && p.n > 0; b += kRows) {
    const std::size_t count = std::min(kRows, p.B - b);
    const auto a = [&](std::size_t i) { return load_rows<A>(p.a + b * p.lda + i, p.lda, count); };
    Rows<A> max = a(0), sum(0.0);
    for (std::size_t i = 1; i < p.n; ++i) max = xsimd::max(max, a(i));
    for (std::size_t i = 0; i < p.n; ++i) sum = sum + xsimd::exp(a(i) - max);
    for (std::size_t i = 0; i < p.n; ++i) {
      store_rows<A>(xsimd::exp(a(i) - max) / sum, p.g + b * p.ldg + i, p.ldg, count);
    }
  }
}

template <class A>
void softmax_backward(const SoftmaxBackward<float>& p) {
  for (std::size_t b = 0; b < p.B && p.n > 0; ++b) {
    const float* const g = p.g + b * p.g_row;
    const float* const dg = p.dg + b * p.ld_dg;
    std::size_t largest = 0;
    for (std::size_t i = 1; i < p.n; ++i) largest = g[i] > g[largest] ? i : largest;
    const double most = dg[largest];
    const auto centred = [&](std::size_t i) { return static_cast<double>(dg[i]) - most; };
    const double mean = sum_of<A>(p.n, [&](std::size_t i) { return static_cast<double>(g[i]) * centred(i); });
    for (std::size_t i = 0; i < p.n; ++i) {
      p.da[b * p.ld_da + i] = static_cast<float>(static_cast<double>(g[i]) * (centred(i) - mean));
    }
  }
}

}  // namespace dcrnn::kernels::simd
