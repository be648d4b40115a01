// Arguments of the look-ups in tables. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dcrnn::kernels {

/// out [B, d] (row distance ldo) = table rows `ids`, or pooled rows of bags.
template <class Real>
struct Gather {
  std::size_t B, d;
  const Real* table;             ///< [V, d]
  const std::uint32_t* ids;      ///< [B], or [offsets[B]] for bags
  const std::uint32_t* offsets;  ///< bags: [B + 1]; else null
  bool mean;                     ///< bags: divide by the number of ids; an empty bag gives 0
  Real* out;
  std::size_t ldo;
};

/// Gradient of Gather into compact rows: for i ascending, grad[slots[i]] += scale[i] * dx[rows[i]].
template <class Real>
struct ScatterAdd {
  std::size_t count, d;
  const std::uint32_t* rows;   ///< [count] rows of dx
  const std::uint32_t* slots;  ///< [count] rows of grad
  const Real* scale;           ///< [count], or null for 1
  const Real* dx;
  std::size_t ldx;
  Real* grad;  ///< +=
};

}  // namespace dcrnn::kernels
