#include "data/refresh.hpp"

#include <algorithm>

#include "core/failure.hpp"
#include "data/field_state.hpp"

namespace dcrnn::data {

Refresh::Refresh(const Schema& config, const Encoders& encoders)
    : encoders_(encoders), labels_(config.tasks.size()) {
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    if (config.fields[f].type != FieldType::rate) continue;
    auto state = std::make_shared<RateState>(*encoders_.fields_[f]->rate);
    const std::size_t keys = state->table.size();
    rates_.push_back({f, std::move(state), keys});
  }
  if (rates_.empty()) {
    fail(ErrorCode::usage, "the model has no rate field: there is nothing to refresh",
         "train it anew, or train a model with fields of type rate");
  }
}

void Refresh::add(const Batch& batch) {
  for (std::size_t b = 0; b < batch.rows; ++b) {
    for (std::size_t t = 0; t < labels_.size(); ++t) labels_[t] = batch.labels[t][b];
    const double weight = batch.weights.empty() ? 1.0 : batch.weights[b];
    for (const Rate& rate : rates_) {
      const std::uint64_t key = batch.columns[rate.field].keys[b];
      finite_ = rate.state->add(key, labels_.data(), weight) && finite_;
      fingerprint_.add(*rate.state, key, labels_.data(), weight);
    }
  }
  rows_ += batch.rows;
}

void Refresh::end_source(const std::string& source, bool again) {
  if (!finite_) {
    fail(ErrorCode::data, source + ": the sample weights sum to infinity", "scale the weights down");
  }
  if (fingerprint_.empty()) return;
  std::vector<std::uint64_t>& known = encoders_.fingerprints_;
  const std::uint64_t now = fingerprint_.value();
  const auto at = std::lower_bound(known.begin(), known.end(), now);
  if (at != known.end() && *at == now && !again) {
    fail(ErrorCode::data, source + ": its rows are in the tables already",
         "leave it out; to count its rows once more, say so (--again)");
  }
  known.insert(at, now);
  fingerprint_ = {};
}

Encoders Refresh::take() {
  for (const Rate& rate : rates_) {
    rate.state->table.sort();
    auto field = std::make_shared<FieldState>(*encoders_.fields_[rate.field]);
    field->rate = rate.state;
    encoders_.fields_[rate.field] = std::move(field);
  }
  return std::move(encoders_);
}

std::uint64_t Refresh::new_keys() const {
  std::uint64_t keys = 0;
  for (const Rate& rate : rates_) keys += rate.state->table.size() - rate.keys_before;
  return keys;
}

}  // namespace dcrnn::data
