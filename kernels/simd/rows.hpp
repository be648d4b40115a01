// Small matrices in double, at which the vector functions look a row in each lane.
#pragma once

#include <cstddef>

#include "kernels/simd/lanes.hpp"

namespace dcrnn::kernels::simd {

/// An element of as many rows of a batch as there are lanes.
template <class A>
using Rows = Vector<A, double>;

/// The elements at x, x + ld, ... of `count` rows; 0 in lanes without a row.
template <class A>
[[gnu::always_inline]] inline Rows<A> load_rows(const float* x, std::size_t ld, std::size_t count) {
  alignas(64) double lanes[kLanes<A, double>] = {};
  for (std::size_t b = 0; b < count; ++b) lanes[b] = x[b * ld];
  return Rows<A>::load_aligned(lanes);
}

/// Stores the lanes of `count` rows at x, x + ld, ...
template <class A>
[[gnu::always_inline]] inline void store_rows(const Rows<A>& rows, float* x, std::size_t ld,
                                              std::size_t count) {
  alignas(64) double lanes[kLanes<A, double>];
  rows.store_aligned(lanes);
  for (std::size_t b = 0; b < count; ++b) x[b * ld] = static_cast<float>(lanes[b]);
}

}  // namespace dcrnn::kernels::simd
