// The input x0: embedding rows, pooled bags and numbers side by side. Derivation:
// docs/embedding.md.
#pragma once

#include <cstdint>
#include <vector>

#include "core/batch.hpp"
#include "core/threads.hpp"
#include "model/build.hpp"
#include "model/config.hpp"
#include "model/sparse_rows.hpp"

namespace dcrnn::model {

/// The input: Batch to x0 [B, D].
class Embedding {
 public:
  Embedding(Build& build, const std::vector<Field>& fields) : mask_(build.dropout_streams++) {
    std::size_t width = 0;
    for (std::size_t f = 0; f < fields.size(); ++f) {
      const Field& field = fields[f];
      FieldPlace place{
          f, width, field.width(), 0, 0, 0, field.type == FieldType::bag, field.pool == Pool::mean};
      if (field.has_table()) {
        place.lookup = build.parameters.lookups().size();
        place.rows = build.table_rows[f];
        place.table =
            build.parameters.add_lookup("embedding." + field.name + ".weight", f, place.rows, field.dim);
      }
      fields_.push_back(place);
      width = checked_add(width, field.width(), "the width of x0");
    }
    x0_ = build.value(width);
    build.trace("x0", x0_);
  }

  const Stream& output() const { return x0_; }

  /// x0 of the block.
  template <class Real>
  void forward(const Pass<Real>& pass) const {
    const std::size_t ld = x0_.ld, first = pass.batch_row;
    for (const FieldPlace& field : fields_) {
      const BatchColumn& column = pass.batch.columns[field.index];
      Real* out = pass.value(x0_) + field.column;
      if (field.rows > 0) {
        const std::uint32_t* offsets = field.bag ? column.offsets.data() + first : nullptr;
        const std::uint32_t* ids = field.bag ? column.ids.data() : column.ids.data() + first;
        pass.ops.gather(
            {pass.count, field.width, pass.parameters + field.table, ids, offsets, field.mean, out, ld});
      } else {
        for (std::size_t b = 0; b < pass.count; ++b)
          out[b * ld] = static_cast<Real>(column.values[first + b]);
      }
    }
    if (pass.dropout != nullptr) pass.drop(pass.dropout->input, mask_, x0_.value);
  }

  /// Dropout on the gradient of x0.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    if (pass.dropout != nullptr) pass.drop(pass.dropout->input, mask_, x0_.gradient);
  }

  /// Adds to the gradients of the tables what comes from dx0 of a window of the batch (rows at hand in the
  /// arena); the first window begins them anew. All windows but the last must have the same size. Fields are
  /// split over threads; a row's gradient is summed in the order of the batch, whoever does it.
  template <class Real>
  void gather(const Gather<Real>& gather) const {
    parallel_for(gather.threads, fields_.size(), [&](std::size_t f, int) {
      const FieldPlace& field = fields_[f];
      if (field.rows == 0) return;
      SparseRows<Real>& sparse = gather.sparse[field.lookup];
      const BatchColumn& column = gather.batch.columns[field.index];
      if (gather.first == 0) index_items(gather.batch, gather.count, column, field, sparse);
      add_gradient(gather, column, field, sparse);
    });
  }

 private:
  struct FieldPlace {
    std::size_t index;                ///< in the config
    std::size_t column, width;        ///< its columns of x0
    std::size_t lookup, table, rows;  ///< index, offset and rows of its table; 0 rows: a plain number
    bool bag, mean;
  };

  /// Which row of the table and of dx0 every item (an id of a row or of its bag) belongs to.
  template <class Real>
  void index_items(const Batch& batch, std::size_t window_rows, const BatchColumn& column,
                   const FieldPlace& field, SparseRows<Real>& sparse) const {
    for (std::uint32_t row : sparse.touched) sparse.slot_of[row] = SparseRows<Real>::kNone;
    sparse.touched.clear();
    // 1. which rows, in the order of first touch
    const std::size_t B = batch.rows, items = field.bag ? column.offsets[B] : B;
    // Bags vary in size: growing by half more than needed lets the vectors settle after a few batches.
    if (items > sparse.slots.capacity()) sparse.reserve(field.rows, items + items / 2);
    sparse.slots.resize(items);
    for (std::size_t i = 0; i < items; ++i) {
      std::uint32_t& slot = sparse.slot_of[column.ids[i]];
      if (slot == SparseRows<Real>::kNone) {
        slot = static_cast<std::uint32_t>(sparse.touched.size());
        sparse.touched.push_back(column.ids[i]);
      }
      sparse.slots[i] = slot;
    }
    sparse.gradient.assign(sparse.touched.size() * field.width, Real{0});
    // 2. which example each item belongs to; x0 = sum of rows (/ count), so its gradient is dx0 (/ count)
    sparse.rows.resize(items);
    const bool scaled = field.bag && field.mean;
    if (scaled) sparse.scale.resize(items);
    std::uint32_t row = 0;  // of the window
    for (std::size_t b = 0; b < B; ++b, row = row + 1 < window_rows ? row + 1 : 0) {
      const std::size_t begin = field.bag ? column.offsets[b] : b,
                        end = field.bag ? column.offsets[b + 1] : b + 1;
      for (std::size_t i = begin; i < end; ++i) {
        sparse.rows[i] = row;
        if (scaled) sparse.scale[i] = Real{1} / static_cast<Real>(end - begin);
      }
    }
  }

  /// gradient[slot] += dx0[example] for the items of a window.
  template <class Real>
  void add_gradient(const Gather<Real>& gather, const BatchColumn& column, const FieldPlace& field,
                    SparseRows<Real>& sparse) const {
    const std::size_t last = gather.first + gather.count;
    const std::size_t begin = field.bag ? column.offsets[gather.first] : gather.first,
                      end = field.bag ? column.offsets[last] : last;
    const bool scaled = field.bag && field.mean;
    const Real* dx0 = gather.arena.at(x0_.gradient, 0, x0_.gradient_layer);
    gather.ops.scatter_add({end - begin, field.width, sparse.rows.data() + begin, sparse.slots.data() + begin,
                            scaled ? sparse.scale.data() + begin : nullptr, dx0 + field.column, x0_.ld,
                            sparse.gradient.data()});
  }

  Stream x0_;
  std::uint32_t mask_ = 0;
  std::vector<FieldPlace> fields_;
};

}  // namespace dcrnn::model
