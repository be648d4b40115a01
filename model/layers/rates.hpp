// The numbers of all rate fields side by side, as they come with the batch. Derivation: docs/rates.md.
#pragma once

#include <vector>

#include "core/size.hpp"
#include "model/build.hpp"

namespace dcrnn::model {

/// rate [B, n]: the numbers of all rate fields, in their order.
class Rates {
 public:
  Rates(Build& build, const std::vector<Field>& fields) {
    std::size_t width = 0;
    for (std::size_t f = 0; f < fields.size(); ++f) {
      if (fields[f].type != FieldType::rate) continue;
      fields_.push_back({f, width, fields[f].width()});
      width = checked_add(width, fields[f].width(), "the numbers of rate fields");
    }
    rate_.value = build.arena.add(width);
    rate_.width = width;
    rate_.ld = row_distance(width);
    build.trace_value("rate", rate_.place());
  }

  const Stream& output() const { return rate_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    for (const FieldPlace& field : fields_) {
      pass.copy_numbers(field.index, field.width, pass.value(rate_) + field.column, rate_.ld);
    }
  }

  /// Nothing below learns.
  template <class Real>
  void backward(const Pass<Real>& /*pass*/) const {}

 private:
  struct FieldPlace {
    std::size_t index;          ///< in the config
    std::size_t column, width;  ///< of `rate`
  };

  Stream rate_;
  std::vector<FieldPlace> fields_;
};

}  // namespace dcrnn::model
