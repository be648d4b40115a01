// The input x0: embedding rows, pooled bags and numbers side by side. Derivation:
// docs/embedding.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "config/config.hpp"
#include "core/batch.hpp"
#include "core/threads.hpp"
#include "model/builder.hpp"
#include "model/parameters.hpp"

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

class Embedding {
 public:
  Embedding() = default;
  Embedding(Builder& builder, const ModelConfig& config, const ParameterTable& table, const Stream& x0)
      : x0_(x0), mask_(builder.dropout_streams++) {
    std::size_t column = 0;
    for (std::size_t f = 0; f < config.fields.size(); ++f) {
      const Field& field = config.fields[f];
      fields_.push_back({column, field.width(), table.tables[f], table.table_rows[f],
                         field.type == FieldType::bag, field.pool == Pool::mean});
      column += field.width();
    }
  }

  /// x0 of the block.
  template <class Real>
  void forward(const Pass<Real>& pass, const Batch& batch) const {
    const std::size_t ld = x0_.ld(), first = pass.batch_row;
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      const FieldPlace& field = fields_[f];
      const BatchColumn& column = batch.columns[f];
      Real* out = pass.at(x0_.value) + field.column;
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

  /// Working memory for batches of up to `capacity` rows.
  template <class Real>
  std::vector<SparseRows<Real>> sparse_rows(std::size_t capacity) const {
    std::vector<SparseRows<Real>> sparse(fields_.size());
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      sparse[f].width = fields_[f].width;
      sparse[f].slot_of.assign(fields_[f].rows, SparseRows<Real>::kNone);
      sparse[f].reserve(fields_[f].rows, fields_[f].rows == 0 ? 0 : capacity);
    }
    return sparse;
  }

  /// Batch rows [first, first + count): those whose dx0 is at hand.
  struct Window {
    std::size_t first, count;
  };
  /// Adds to the gradients of the tables what comes from dx0 of a window; the first window of a batch begins
  /// them anew. All windows but the last must have the same size. Fields are split over threads; a row's
  /// gradient is summed in the order of the batch, whoever does it.
  template <class Real>
  void gradients(const kernels::Table<Real>& ops, const Batch& batch, const Window& window, const Real* dx0,
                 int threads, std::vector<SparseRows<Real>>& sparse) const {
    parallel_for(threads, fields_.size(), [&](std::size_t f, int) {
      const FieldPlace& field = fields_[f];
      if (field.rows == 0) return;
      if (window.first == 0) index_items(batch, window.count, batch.columns[f], field, sparse[f]);
      add_gradient(ops, window, batch.columns[f], field, dx0, sparse[f]);
    });
  }

 private:
  struct FieldPlace {
    std::size_t column, width;  ///< its columns of x0
    std::size_t table, rows;    ///< offset and rows of its table; 0 rows: a plain number
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
  void add_gradient(const kernels::Table<Real>& ops, const Window& window, const BatchColumn& column,
                    const FieldPlace& field, const Real* dx0, SparseRows<Real>& sparse) const {
    const std::size_t last = window.first + window.count;
    const std::size_t begin = field.bag ? column.offsets[window.first] : window.first,
                      end = field.bag ? column.offsets[last] : last;
    const bool scaled = field.bag && field.mean;
    ops.scatter_add({end - begin, field.width, sparse.rows.data() + begin, sparse.slots.data() + begin,
                     scaled ? sparse.scale.data() + begin : nullptr, dx0 + field.column, x0_.ld(),
                     sparse.gradient.data()});
  }

  Stream x0_;
  std::uint32_t mask_ = 0;
  std::vector<FieldPlace> fields_;
};

}  // namespace dcrnn::model
