#include "data/field_fit.hpp"

#include "core/failure.hpp"

namespace dcrnn::data {

FieldFit::FieldFit(const Field& field) : state_(std::make_unique<FieldState>()) {
  state_->field = field;
  if (state_->has_edges()) quantiles_.emplace(field.bins);
}

std::uint32_t FieldFit::seen(std::string_view word) {
  const std::uint32_t number = words_.add(word);
  if (number == counts_.size()) counts_.push_back(0);
  ++counts_[number];
  return number + 1;
}

void FieldFit::fix(const std::string& source) {
  if (state_->has_vocabulary()) {
    final_rows_.push_back(0);  // of no word
    for (std::uint32_t i = 0; i < counts_.size(); ++i) {
      const bool kept = counts_[i] >= state_->field.min_count;
      final_rows_.push_back(kept ? state_->vocabulary.add(words_.word(i)) + 1 : 0);
    }
    words_ = {};
  }
  if (state_->has_statistics()) {
    const double mean = moments_.mean();
    const double deviation = moments_.deviation();
    if (!std::isfinite(mean) || !std::isfinite(deviation)) {
      fail(ErrorCode::data,
           source + ": column " + in_quotes(state_->field.column) +
               ": its numbers are too large to be standardized",
           "scale the numbers down, or use transform \"buckets\"");
    }
    state_->statistics = {mean, deviation > 0 ? deviation : 1.0};
  }
}

bool FieldFit::end_pass() {
  if (quantiles_->end_pass()) return true;
  state_->edges = quantiles_->edges();
  return false;
}

}  // namespace dcrnn::data
