// Reductions over a span, in double.
#pragma once

#include <cstddef>

#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

/// The sum of f(i), a double, over i of [0, n), in an order that n alone decides.
template <class A, class F>
[[gnu::always_inline]] inline double sum_of(std::size_t n, F&& f) {
  constexpr std::size_t kSums = 16;  // the same for every architecture, and with it the order of the sum
  double sum[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= n; i += kSums) {
    for (std::size_t j = 0; j < kSums; ++j) sum[j] += f(i + j);
  }
  double total = 0;
  for (; i < n; ++i) total += f(i);
  for (std::size_t j = 0; j < kSums; ++j) total += sum[j];
  return total;
}

/// x . y.
template <class A>
[[gnu::always_inline]] inline double inner_product(std::size_t n, const float* x, const float* y) {
  return sum_of<A>(n, [&](std::size_t i) { return static_cast<double>(x[i]) * static_cast<double>(y[i]); });
}

template <class A>
void square_sum(const SquareSum<float>& p) {
  *p.out = inner_product<A>(p.n, p.x, p.x);
}

template <class A>
void dot(const Dot<float>& p) {
  *p.out = inner_product<A>(p.n, p.x, p.y);
}

}  // namespace dcrnn::kernels::simd
