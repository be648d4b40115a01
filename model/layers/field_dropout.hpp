// Field dropout: in training all that comes from one column of the data is dropped together. Derivation:
// docs/optimizers.md.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/size.hpp"
#include "model/build.hpp"

namespace dcrnn::model {

/// Masks x0 [B, D] and, where they are projected, the numbers of rate fields before that. Units are the
/// columns of the data in the order in which the fields name them first; all rate fields of two columns are
/// one more, the last.
class FieldDropout {
 public:
  /// `rate`: what is projected, else of width 0.
  FieldDropout(Build& build, const std::vector<Field>& fields, const Stream& x0, const Stream& rate)
      : x0_(x0), rate_(rate), kept_(rate) {
    std::vector<Part> of_pairs;
    std::size_t x0_column = 0, rate_column = 0;
    for (const Field& field : fields) {
      const bool projected = field.type == FieldType::rate && rate.width > 0;
      std::size_t& column = projected ? rate_column : x0_column;
      const Part part{0, column, field.width(), projected};
      column = checked_add(column, field.width(), "the width of x0");
      if (field.of.size() > 1) {
        of_pairs.push_back(part);
      } else {
        add(field.of.empty() ? field.column : field.of[0].column, part);
      }
    }
    for (Part part : of_pairs) {
      part.unit = columns_.size();
      parts_.push_back(part);
    }
    units_ = columns_.size() + (of_pairs.empty() ? 0 : 1);
    if (!build.training()) return;
    mask_ = build.arena.add_dense(units_);
    if (rate.width > 0) kept_.value = build.arena.add(rate.width);
  }

  /// What the projection reads: `rate`, masked in training.
  const Stream& output() const { return kept_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    if (kept_.value != rate_.value) {
      std::copy_n(pass.value(rate_), pass.count * rate_.ld, pass.value(kept_));
    }
    if (!acts(pass)) return;
    drop(pass, pass.value(x0_), x0_.ld, false);
    if (rate_.width > 0) drop(pass, pass.value(kept_), kept_.ld, true);
  }

  /// The same mask on the gradient of x0; nothing below `rate` learns.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    if (acts(pass)) drop(pass, pass.gradient(x0_), x0_.ld, false);
  }

 private:
  /// The stream of random numbers that decides which columns are dropped; no layer has it.
  static constexpr std::uint32_t kColumnStream = 0xFFFFFFFF;

  /// Columns of x0, or of `rate`, that belong to a unit.
  struct Part {
    std::size_t unit, begin, width;
    bool projected;
  };

  void add(const std::string& column, Part part) {
    const auto at = std::find(columns_.begin(), columns_.end(), column);
    part.unit = static_cast<std::size_t>(at - columns_.begin());
    if (at == columns_.end()) columns_.push_back(column);
    parts_.push_back(part);
  }

  template <class Real>
  bool acts(const Pass<Real>& pass) const {
    return pass.dropout != nullptr && pass.dropout->field > 0;
  }

  template <class Real>
  void drop(const Pass<Real>& pass, Real* x, std::size_t ld, bool projected) const {
    Real* mask = pass.at(mask_);
    std::fill_n(mask, pass.count * units_, Real{1});
    pass.drop(pass.dropout->field, kColumnStream, mask_);
    for (std::size_t b = 0; b < pass.count; ++b) {
      for (const Part& part : parts_) {
        if (part.projected != projected) continue;
        const Real factor = mask[b * units_ + part.unit];
        for (std::size_t j = part.begin; j < part.begin + part.width; ++j) x[b * ld + j] *= factor;
      }
    }
  }

  Stream x0_, rate_, kept_;
  std::vector<std::string> columns_;
  std::vector<Part> parts_;
  std::size_t units_ = 0;
  Slot mask_ = 0;  ///< [B, units] the factor of each
};

}  // namespace dcrnn::model
