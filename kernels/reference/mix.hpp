// A stream mixed of the units of several experts (or tasks), and the softmax that weighs them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "kernels/reference/reduce.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

/// Calls f(i, source, column) for every group of units: i its place among all, `column` its first column.
template <class Op, class F>
void for_units(const Op& p, F&& f) {
  std::size_t i = 0;
  for (std::size_t source = 0; source < p.sources; ++source) {
    for (std::size_t unit = 0; unit < p.units[source].count; ++unit, ++i) f(i, source, unit * p.m);
  }
}

template <class Real>
void mix_forward(const MixForward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const Real* const g = p.g + b * p.g_row;
    Real* const out = p.out + b * p.ld_out;
    std::fill_n(out, p.m, Real{0});

    // 1. out = sum over i of g_i E_i
    for_units(p, [&](std::size_t i, std::size_t source, std::size_t column) {
      const Real* const e = p.units[source].data + b * p.units[source].ld + column;
      for (std::size_t j = 0; j < p.m; ++j) out[j] += g[i] * e[j];
    });
  }
}

template <class Real>
void mix_backward(const MixBackward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const Real* const g = p.g + b * p.g_row;
    const Real* const dout = p.dout + b * p.ld_dout;

    // 1. out = sum over i of g_i E_i
    for_units(p, [&](std::size_t i, std::size_t source, std::size_t column) {
      const Real* const e = p.units[source].data + b * p.units[source].ld + column;
      Real* const de = p.dunits[source].data + b * p.dunits[source].ld + column;
      for (std::size_t j = 0; j < p.m; ++j) de[j] += g[i] * dout[j];
      if (p.dg != nullptr) p.dg[b * p.ld_dg + i] = static_cast<Real>(inner_product(p.m, dout, e));
    });
  }
}

template <class Real>
void softmax_forward(const SoftmaxForward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const Real* const a = p.a + b * p.lda;
    Real* const g = p.g + b * p.ldg;
    if (p.n == 0) continue;

    // 1. g_i = exp(a_i - max) / sum over j of exp(a_j - max)
    const double max = *std::max_element(a, a + p.n);
    double sum = 0;
    for (std::size_t i = 0; i < p.n; ++i) sum += std::exp(a[i] - max);
    for (std::size_t i = 0; i < p.n; ++i) g[i] = static_cast<Real>(std::exp(a[i] - max) / sum);
  }
}

template <class Real>
void softmax_backward(const SoftmaxBackward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const Real* const g = p.g + b * p.g_row;
    const Real* const dg = p.dg + b * p.ld_dg;
    Real* const da = p.da + b * p.ld_da;
    if (p.n == 0) continue;

    // 1. g = softmax(a): da_i = g_i (dg_i - sum over j of g_j dg_j), which stays the same when a number is
    //    subtracted from all dg: that of the largest gate, or the difference would lose the digits of a
    //    gate near 1
    const double most = dg[std::max_element(g, g + p.n) - g];
    double mean = 0;
    for (std::size_t i = 0; i < p.n; ++i) mean += g[i] * (dg[i] - most);
    for (std::size_t i = 0; i < p.n; ++i) da[i] = static_cast<Real>(g[i] * ((dg[i] - most) - mean));
  }
}

}  // namespace dcrnn::kernels::reference
