// Gradients of tables whose rows are looked up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/batch.hpp"
#include "kernels/table.hpp"
#include "model/arena.hpp"

namespace dcrnn::model {

/// Gradients of one embedding table for one batch: only the rows the batch touched, in the order of first
/// touch.
template <class Real>
struct SparseRows {
  std::size_t width = 0;
  std::vector<std::uint32_t> touched;  ///< rows of the table
  std::vector<Real> gradient;          ///< [touched.size(), width]

  // Working memory, kept between batches.
  std::vector<std::uint32_t> slot_of;  ///< per row of the table: its place in `touched`, or kNone
  std::vector<std::uint32_t> slots, rows;
  std::vector<Real> scale;
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  /// Makes room for `items` ids into a table of `table_rows` rows.
  void reserve(std::size_t table_rows, std::size_t items) {
    touched.reserve(std::min(table_rows, items));
    gradient.reserve(std::min(table_rows, items) * width);
    slots.reserve(items);
    rows.reserve(items);
    scale.reserve(items);
  }
};

/// Batch rows [first, first + count), whose gradients are in the arena, on their way into the tables'.
template <class Real>
struct Gather {
  const kernels::Table<Real>& ops;
  const Batch& batch;
  const Arena<Real>& arena;
  std::size_t first, count;
  int threads;
  std::vector<SparseRows<Real>>& sparse;  ///< per LookupTable
};

}  // namespace dcrnn::model
