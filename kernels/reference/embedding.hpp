// Rows of embedding tables, alone or pooled, and their gradient.
#pragma once

#include <cstddef>

#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

template <class Real>
void gather(const Gather<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const std::size_t first = p.offsets != nullptr ? p.offsets[b] : b;
    const std::size_t last = p.offsets != nullptr ? p.offsets[b + 1] : b + 1;
    Real* out = p.out + b * p.ldo;

    // 1. out = sum over i of table[ids[i]], over the number of ids if a mean is asked for
    for (std::size_t j = 0; j < p.d; ++j) out[j] = 0;
    for (std::size_t i = first; i < last; ++i) {
      for (std::size_t j = 0; j < p.d; ++j) out[j] += p.table[p.ids[i] * p.d + j];
    }
    if (p.mean && last > first) {
      for (std::size_t j = 0; j < p.d; ++j) out[j] /= static_cast<Real>(last - first);
    }
  }
}

template <class Real>
void scatter_add(const ScatterAdd<Real>& p) {
  for (std::size_t i = 0; i < p.count; ++i) {
    // 1. out[rows[i]] = sum of scale * table row; several i may share a row of out or of the table
    const Real scale = p.scale != nullptr ? p.scale[i] : Real{1};
    for (std::size_t j = 0; j < p.d; ++j) {
      p.grad[p.slots[i] * p.d + j] += scale * p.dx[p.rows[i] * p.ldx + j];
    }
  }
}

}  // namespace dcrnn::kernels::reference
