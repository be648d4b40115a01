// One field's rows of a table: looked up and pooled, and their gradient. Derivation: docs/embedding.md.
#pragma once

#include <cstdint>
#include <string>

#include "core/batch.hpp"
#include "model/build.hpp"
#include "model/sparse_rows.hpp"

namespace dcrnn::model {

/// out = the row of the table that a category or a bucket names, or the pooled rows of a bag.
class Lookup {
 public:
  /// The parameter `name` [V, width], V as many rows as there are values of field `index`.
  Lookup(Build& build, const std::string& name, std::size_t index, const Field& field, std::size_t width,
         Init init, Owner owner)
      : index_(index),
        lookup_(build.parameters.lookups().size()),
        rows_(build.table_rows[index]),
        width_(width),
        bag_(field.type == FieldType::bag),
        mean_(field.pool == Pool::mean) {
    LookupTable table;
    table.field = index;
    table.rows = rows_;
    table.width = width;
    table.owner = owner;
    table_ = build.parameters.add_lookup(name, table, init);
  }

  /// out [count, width] with row distance ld.
  template <class Real>
  void forward(const Pass<Real>& pass, Real* out, std::size_t ld) const {
    const BatchColumn& column = pass.batch.columns[index_];
    const std::uint32_t* offsets = bag_ ? column.offsets.data() + pass.batch_row : nullptr;
    const std::uint32_t* ids = bag_ ? column.ids.data() : column.ids.data() + pass.batch_row;
    pass.ops.gather({pass.count, width_, pass.parameters + table_, ids, offsets, mean_, out, ld});
  }

  /// Adds to the table's gradient what comes from `dout`, that of `out`, of a window of the batch. All
  /// windows but the last must have the same size. A row's gradient is summed in the order of the batch.
  template <class Real>
  void gather(const Gather<Real>& gather, const Stream& dout) const {
    SparseRows<Real>& sparse = gather.sparse[lookup_];
    const BatchColumn& column = gather.batch.columns[index_];
    if (gather.first == 0) index_items(gather.batch, gather.count, column, sparse);
    const std::size_t last = gather.first + gather.count;
    const std::size_t begin = bag_ ? column.offsets[gather.first] : gather.first,
                      end = bag_ ? column.offsets[last] : last;
    // gradient[slot] += dout[example] for the items of the window
    gather.ops.scatter_add({end - begin, width_, sparse.rows.data() + begin, sparse.slots.data() + begin,
                            bag_ && mean_ ? sparse.scale.data() + begin : nullptr,
                            gather.arena.at(dout.gradient, 0, dout.gradient_layer) + dout.column, dout.ld,
                            sparse.gradient.data()});
  }

 private:
  /// Which row of the table and of `dout` every item (an id of a row or of its bag) belongs to.
  template <class Real>
  void index_items(const Batch& batch, std::size_t window_rows, const BatchColumn& column,
                   SparseRows<Real>& sparse) const {
    for (std::uint32_t row : sparse.touched) sparse.slot_of[row] = SparseRows<Real>::kNone;
    sparse.touched.clear();
    // 1. which rows, in the order of first touch
    const std::size_t B = batch.rows, items = bag_ ? column.offsets[B] : B;
    // Bags vary in size: growing by half more than needed lets the vectors settle after a few batches.
    if (items > sparse.slots.capacity()) sparse.reserve(rows_, items + items / 2);
    sparse.slots.resize(items);
    for (std::size_t i = 0; i < items; ++i) {
      std::uint32_t& slot = sparse.slot_of[column.ids[i]];
      if (slot == SparseRows<Real>::kNone) {
        slot = static_cast<std::uint32_t>(sparse.touched.size());
        sparse.touched.push_back(column.ids[i]);
      }
      sparse.slots[i] = slot;
    }
    sparse.gradient.assign(sparse.touched.size() * width_, Real{0});
    // 2. which example each item belongs to; out = sum of rows (/ count), so their gradient is dout (/ count)
    sparse.rows.resize(items);
    const bool scaled = bag_ && mean_;
    if (scaled) sparse.scale.resize(items);
    std::uint32_t row = 0;  // of the window
    for (std::size_t b = 0; b < B; ++b, row = row + 1 < window_rows ? row + 1 : 0) {
      const std::size_t begin = bag_ ? column.offsets[b] : b, end = bag_ ? column.offsets[b + 1] : b + 1;
      for (std::size_t i = begin; i < end; ++i) {
        sparse.rows[i] = row;
        if (scaled) sparse.scale[i] = Real{1} / static_cast<Real>(end - begin);
      }
    }
  }

  std::size_t index_;   ///< of the field
  std::size_t lookup_;  ///< index of the table
  std::size_t rows_, width_, table_ = 0;
  bool bag_, mean_;
};

}  // namespace dcrnn::model
