// The input x0: embedding rows, pooled bags and numbers side by side. Derivation:
// docs/embedding.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/threads.hpp"
#include "model/layers/lookup.hpp"

namespace dcrnn::model {

/// The input: Batch to x0 [B, D].
class Embedding {
 public:
  /// `projected` columns are left free behind those of the fields, for the numbers of rate fields, which then
  /// have none of their own; 0: they stand where their fields do.
  Embedding(Build& build, const std::vector<Field>& fields, std::size_t projected) {
    std::size_t width = 0;
    for (std::size_t f = 0; f < fields.size(); ++f) {
      const Field& field = fields[f];
      if (field.type == FieldType::rate && projected > 0) continue;
      if (field.has_table()) {
        tables_.push_back({width, field.width(),
                           Lookup(build, "embedding." + field.name + ".weight", f, field, field.dim,
                                  Init::embedding, kEveryTask)});
      } else {
        numbers_.push_back({width, field.width(), f});
      }
      width = checked_add(width, field.width(), "the width of x0");
    }
    x0_ = build.value(checked_add(width, projected, "the width of x0"));
    build.trace("x0", x0_);
  }

  const Stream& output() const { return x0_; }

  /// x0 of the block.
  template <class Real>
  void forward(const Pass<Real>& pass) const {
    if (pass.x0 != nullptr) {
      for (std::size_t b = 0; b < pass.count; ++b) {
        std::copy_n(pass.x0 + (pass.batch_row + b) * x0_.width, x0_.width, pass.value(x0_) + b * x0_.ld);
      }
    } else {
      for (const Table& table : tables_) table.lookup.forward(pass, pass.value(x0_) + table.column, x0_.ld);
      for (const Number& number : numbers_) {
        pass.copy_numbers(number.field, number.width, pass.value(x0_) + number.column, x0_.ld);
      }
    }
  }

  /// What x0 is made of learns in gather().
  template <class Real>
  void backward(const Pass<Real>& /*pass*/) const {}

  /// Adds to the gradients of the tables what comes from dx0 of a window of the batch (rows at hand in the
  /// arena); the first window begins them anew. Fields are split over threads.
  template <class Real>
  void gather(const Gather<Real>& gather) const {
    parallel_for(gather.threads, tables_.size(), [&](std::size_t i, int) {
      tables_[i].lookup.gather(gather, x0_.columns(tables_[i].column, tables_[i].width));
    });
  }

 private:
  struct Table {
    std::size_t column, width;  ///< its columns of x0
    Lookup lookup;
  };
  struct Number {
    std::size_t column, width, field;
  };

  Stream x0_;
  std::vector<Table> tables_;
  std::vector<Number> numbers_;
};

}  // namespace dcrnn::model
