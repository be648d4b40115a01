// Activations from one size table: a plan of slots, then one block that holds them all.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/buffer.hpp"
#include "core/size.hpp"

namespace dcrnn::model {

/// Index of a slot in an ArenaPlan.
using Slot = std::size_t;

/// Distance between rows of `width` values: every row begins at a cache line, so that vectors do not straddle
/// two and can pass over what is between a row's end and the next row.
constexpr std::size_t row_distance(std::size_t width) {
  return round_up(width, kAlignment / sizeof(float));
}

/// The list of matrices [layers * B, width] a network needs, before B is known.
class ArenaPlan {
 public:
  /// A row may hold several parts of `width` values side by side, row_distance(width) from each other.
  Slot add(std::size_t width, std::size_t layers = 1, std::size_t parts = 1) {
    return add(Entry{width, parts * row_distance(width), layers});
  }
  /// Adds layers behind those of a slot; the index of the first.
  std::size_t extend(Slot slot, std::size_t layers) {
    const std::size_t first = slots_[slot].layers;
    slots_[slot].layers += layers;
    return first;
  }
  /// Rows without a gap.
  Slot add_dense(std::size_t width, std::size_t layers = 1) { return add(Entry{width, width, layers}); }

  struct Entry {
    std::size_t width;  ///< of a part
    std::size_t ld;     ///< from a row to the next
    std::size_t layers;
  };
  const std::vector<Entry>& slots() const { return slots_; }

 private:
  Slot add(const Entry& entry) {
    slots_.push_back(entry);
    return slots_.size() - 1;
  }
  std::vector<Entry> slots_;
};

/// The block of a plan for up to `capacity` rows, zero at first. The layers of a slot lie behind each other
/// without a gap for the row count in use, so that the L * B rows of all layers form one matrix.
template <class Real>
class Arena {
 public:
  Arena() = default;
  Arena(const ArenaPlan& plan, std::size_t capacity, std::string_view what) : plan_(plan), rows_(capacity) {
    std::size_t total = 0;
    for (const ArenaPlan::Entry& slot : plan.slots()) {
      offsets_.push_back(total);
      const std::size_t size = checked_mul(checked_mul(slot.ld, slot.layers, what), capacity, what);
      total =
          round_up(checked_add(checked_add(total, size, what), kAlignment, what), kAlignment / sizeof(float));
    }
    block_ = Buffer<Real>(total, what);
  }

  /// Sets B, at most the capacity.
  void set_rows(std::size_t rows) { rows_ = rows; }
  std::size_t rows() const { return rows_; }
  std::size_t bytes() const { return block_.size() * sizeof(Real); }
  std::size_t width(Slot slot) const { return plan_.slots()[slot].width; }
  std::size_t ld(Slot slot) const { return plan_.slots()[slot].ld; }
  /// Row `row` of layer `layer`.
  Real* at(Slot slot, std::size_t row = 0, std::size_t layer = 0) {
    return block_.data() + offsets_[slot] + (layer * rows_ + row) * plan_.slots()[slot].ld;
  }
  const Real* at(Slot slot, std::size_t row = 0, std::size_t layer = 0) const {
    return const_cast<Arena*>(this)->at(slot, row, layer);
  }

 private:
  ArenaPlan plan_;
  std::vector<std::size_t> offsets_;
  Buffer<Real> block_;
  std::size_t rows_ = 0;
};

}  // namespace dcrnn::model
