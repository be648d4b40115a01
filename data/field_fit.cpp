#include "data/field_fit.hpp"

#include <algorithm>

#include "core/failure.hpp"

namespace dcrnn::data {

FieldFit::FieldFit(const Field& field, const FieldState* known)
    : state_(std::make_unique<FieldState>()), known_(known) {
  if (known != nullptr) {
    *state_ = *known;
    state_->training = {};
    state_->seen.clear();
    words_ = known->vocabulary;
    counts_.resize(words_.size());
  }
  state_->field = field;
  if (state_->has_edges() && known == nullptr) quantiles_.emplace(field.bins);
  if (state_->has_fixed_rows()) times_.resize(field.size);
}

std::uint32_t FieldFit::seen(std::string_view word) {
  const std::uint32_t number = words_.add(word);
  if (number == counts_.size()) counts_.push_back(0);
  ++counts_[number];
  return number + 1;
}

void FieldFit::count(bool empty, std::span<const std::uint32_t> rows) {
  CellCounts& counts = state_->training;
  ++counts.cells;
  if (empty) ++counts.empty;
  if (!empty && state_->field.has_words()) counts.values += rows.size();
  if (times_.empty()) return;
  for (const std::uint32_t row : rows) {
    if (times_[row] < 2) ++times_[row];
  }
}

/// A value that would be unknown but for its own cell counts as unknown.
void FieldFit::fix_counts() {
  CellCounts& counts = state_->training;
  const std::size_t known_words = known_ == nullptr ? 0 : known_->vocabulary.size();
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) ++profile_.distinct;
    if (i < known_words) continue;
    if (counts_[i] <= state_->field.min_count) counts.unknown += counts_[i];
    if (counts_[i] < state_->field.min_count) profile_.rare += counts_[i];
  }
  state_->seen.resize((times_.size() + 7) / 8);
  for (std::size_t row = 0; row < times_.size(); ++row) {
    if (times_[row] == 0) continue;
    ++profile_.distinct;
    state_->seen[row / 8] = static_cast<unsigned char>(state_->seen[row / 8] | 1 << (row % 8));
    const bool known = known_ != nullptr && known_->is_known(static_cast<std::uint32_t>(row));
    if (times_[row] == 1 && !known) ++counts.unknown;
  }
  counts.unknown = std::min(counts.unknown, counts.values);  // an empty cell has a hash, but is no value
  times_ = {};
  profile_.counts = counts;
  if (known_ != nullptr) add_known_counts();
}

void FieldFit::add_known_counts() {
  if (known_->training.cells == 0) {  // what is seen now is not all there was
    state_->training = {};
    state_->seen.clear();
    return;
  }
  state_->training += known_->training;
  for (std::size_t i = 0; i < state_->seen.size(); ++i) {
    state_->seen[i] = static_cast<unsigned char>(state_->seen[i] | known_->seen[i]);
  }
}

void FieldFit::fix(const std::string& source) {
  fix_counts();
  if (state_->has_vocabulary()) {
    final_rows_.push_back(0);  // of no word
    const std::size_t known = state_->vocabulary.size();
    for (std::uint32_t i = 0; i < counts_.size(); ++i) {
      const bool kept = i < known || counts_[i] >= state_->field.min_count;
      final_rows_.push_back(kept ? state_->vocabulary.add(words_.word(i)) + 1 : 0);
    }
    words_ = {};
  }
  if (state_->has_statistics() && known_ == nullptr) {
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
