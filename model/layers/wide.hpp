// The wide term: a linear model of the fields beside the network, one for every task. Derivation:
// docs/wide.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "core/threads.hpp"
#include "model/layers/lookup.hpp"

namespace dcrnn::model {

/// wide [B, T]: the sum over the fields of the rows of wide.<field>.weight that their ids choose, and of
/// their numbers times theirs. A table is [V, T]; the weights of numbers are [T, count].
class Wide {
 public:
  /// The heads add the term to `logits` as it is, so that its gradient is theirs.
  Wide(Build& build, const std::vector<Field>& fields, const Stream& logits)
      : T_(build.tasks.size()), wide_(logits), part_(build.arena.add_dense(T_)) {
    wide_.value = build.arena.add_dense(T_);
    for (std::size_t f = 0; f < fields.size(); ++f) {
      const std::string name = "wide." + fields[f].name + ".weight";
      if (fields[f].has_table()) {
        tables_.emplace_back(build, name, f, fields[f], T_, Init::zeros, kDivided);
      } else {
        add_numbers(build, name, f, fields[f].width());
      }
    }
    build.trace("wide", wide_);
  }

  const Stream& output() const { return wide_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    Real* wide = pass.value(wide_);
    std::fill_n(wide, pass.count * T_, Real{0});
    // 1. wide += the rows of each table, pooled as in x0
    Real* part = pass.at(part_);
    for (const Lookup& table : tables_) {
      table.forward(pass, part, T_);
      for (std::size_t i = 0; i < pass.count * T_; ++i) wide[i] += part[i];
    }
    // 2. wide_t += sum over i of A[t, i] x_i
    for (const Numbers& field : numbers_) {
      const Real* A = pass.parameters + field.weight;
      for (std::size_t b = 0; b < pass.count; ++b) {
        const double* x = field.of(pass.batch, pass.batch_row + b);
        for (std::size_t t = 0; t < T_; ++t) {
          for (std::size_t i = 0; i < field.count; ++i) {
            wide[b * T_ + t] += A[t * field.count + i] * static_cast<Real>(x[i]);
          }
        }
      }
    }
  }

  /// The gradient lies where the objective has put it; no input learns from it.
  template <class Real>
  void backward(const Pass<Real>& /*pass*/) const {}

  /// Adds what a window of the batch contributes; fields are split over threads.
  template <class Real>
  void gather(const Gather<Real>& gather) const {
    parallel_for(gather.threads, tables_.size() + numbers_.size(), [&](std::size_t i, int) {
      if (i < tables_.size()) {
        tables_[i].gather(gather, wide_);  // dA[id] += dwide (/ the bag's length) per use of the id
      } else {
        gather_numbers(gather, numbers_[i - tables_.size()]);
      }
    });
  }

 private:
  struct Numbers {
    std::size_t field, count, lookup, weight;

    const double* of(const Batch& batch, std::size_t row) const {
      return batch.columns[field].values.data() + row * count;
    }
  };

  void add_numbers(Build& build, const std::string& name, std::size_t field, std::size_t count) {
    LookupTable table;
    table.field = field;
    table.rows = T_;
    table.width = count;
    table.every_row = true;
    table.owner = kDivided;
    const std::size_t lookup = build.parameters.lookups().size();
    numbers_.push_back({field, count, lookup, build.parameters.add_lookup(name, table, Init::zeros)});
  }

  template <class Real>
  void gather_numbers(const Gather<Real>& gather, const Numbers& field) const {
    SparseRows<Real>& sparse = gather.sparse[field.lookup];
    if (gather.first == 0) {
      sparse.touched.resize(T_);
      std::iota(sparse.touched.begin(), sparse.touched.end(), 0U);
      sparse.gradient.assign(T_ * field.count, Real{0});
    }
    // dA[t, i] += dwide_t x_i
    const Real* dwide = gather.arena.at(wide_.gradient, 0, wide_.gradient_layer);
    for (std::size_t b = 0; b < gather.count; ++b) {
      const double* x = field.of(gather.batch, gather.first + b);
      for (std::size_t t = 0; t < T_; ++t) {
        for (std::size_t i = 0; i < field.count; ++i) {
          sparse.gradient[t * field.count + i] += dwide[b * wide_.ld + t] * static_cast<Real>(x[i]);
        }
      }
    }
  }

  std::size_t T_;
  Stream wide_;
  Slot part_;  ///< [B, T] of one field
  std::vector<Lookup> tables_;
  std::vector<Numbers> numbers_;
};

}  // namespace dcrnn::model
