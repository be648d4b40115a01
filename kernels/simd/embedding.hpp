// Rows of embedding tables, alone or pooled, and their gradient. Rows are short and far apart: what matters
// is to prefetch them, and to spend little on a tail.
#pragma once

#include <cstddef>

#include "kernels/simd/lanes.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

/// How many rows ahead to prefetch.
inline constexpr std::size_t kAhead = 8;

/// to += scale * from, over d elements; not fused, so that a tail done one by one gives the same bytes.
template <class A>
[[gnu::always_inline]] inline void add_scaled(std::size_t d, float scale, const float* from, float* to) {
  std::size_t j = 0;
  const Vector<A> scales(scale);
  for (; j + kLanes<A> <= d; j += kLanes<A>) {
    const Vector<A> product = scales * Vector<A>::load_unaligned(from + j);
    (Vector<A>::load_unaligned(to + j) + product).store_unaligned(to + j);
  }
  for (; j < d; ++j) to[j] += scale * from[j];
}

template <class A>
void gather(const Gather<float>& p) {
  if (p.offsets == nullptr) {
    for (std::size_t b = 0; b < p.B; ++b) {
      if (b + kAhead < p.B) prefetch<A>(p.table + p.ids[b + kAhead] * p.d);
      const float* row = p.table + p.ids[b] * p.d;
      float* out = p.out + b * p.ldo;
      std::size_t j = 0;
      for (; j + kLanes<A> <= p.d; j += kLanes<A>) {
        Vector<A>::load_unaligned(row + j).store_unaligned(out + j);
      }
      for (; j < p.d; ++j) out[j] = row[j];
    }
    return;
  }
  const std::size_t count = p.B > 0 ? p.offsets[p.B] : 0;
  for (std::size_t b = 0; b < p.B; ++b) {
    float* out = p.out + b * p.ldo;
    for (std::size_t j = 0; j < p.d; ++j) out[j] = 0;
    for (std::size_t i = p.offsets[b]; i < p.offsets[b + 1]; ++i) {
      if (i + kAhead < count) prefetch<A>(p.table + p.ids[i + kAhead] * p.d);
      add_scaled<A>(p.d, 1.0f, p.table + p.ids[i] * p.d, out);
    }
    const std::size_t size = p.offsets[b + 1] - p.offsets[b];
    if (p.mean && size > 1) {
      for (std::size_t j = 0; j < p.d; ++j) out[j] /= static_cast<float>(size);
    }
  }
}

template <class A>
void scatter_add(const ScatterAdd<float>& p) {
  for (std::size_t i = 0; i < p.count; ++i) {
    if (i + kAhead < p.count) {
      prefetch<A>(p.dx + p.rows[i + kAhead] * p.ldx);
      prefetch<A, true>(p.grad + p.slots[i + kAhead] * p.d);
    }
    add_scaled<A>(p.d, p.scale != nullptr ? p.scale[i] : 1.0f, p.dx + p.rows[i] * p.ldx,
                  p.grad + p.slots[i] * p.d);
  }
}

}  // namespace dcrnn::kernels::simd
