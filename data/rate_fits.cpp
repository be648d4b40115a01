#include "data/rate_fits.hpp"

#include <algorithm>

namespace dcrnn::data {

RateFits::RateFits(const Schema& config, const KeyColumns& keys, const std::vector<FieldFit>& fits,
                   const std::vector<FieldFit>& key_fits)
    : keys_(keys) {
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    if (config.fields[f].type != FieldType::rate) continue;
    RateState state(config.fields[f], config.tasks);
    for (std::size_t j = 0; j < keys.of[f].size(); ++j) {
      state.edges[j] = key_fits[keys.of[f][j]].state().edges;
    }
    if (const RateState* known = fits[f].state().rate.get()) state.read_as(*known);
    rates_.push_back({f, RateFit(std::move(state))});
  }
}

std::uint64_t RateFits::key(const Rate& rate, const std::uint64_t* raw) const {
  const std::vector<std::size_t>& of = keys_.of[rate.field];
  std::array<std::uint64_t, 2> parts{};
  for (std::size_t j = 0; j < of.size(); ++j) parts[j] = raw[of[j]];
  return rate.fit.state()->key({parts.data(), of.size()});
}

void RateFits::count(const std::uint64_t* raw, const std::int8_t* labels, double weight) {
  for (Rate& rate : rates_) {
    const std::uint64_t of_row = key(rate, raw);
    rate.fit.count(of_row, labels, weight);
    fingerprint_.add(*rate.fit.state(), of_row, labels, weight);
  }
}

void RateFits::end_source() {
  if (!fingerprint_.empty()) fingerprints_.push_back(fingerprint_.value());
  fingerprint_ = {};
}

void RateFits::fix_priors(const std::string& source) {
  for (Rate& rate : rates_) rate.fit.fix_priors(source);
}

void RateFits::measure(const std::uint64_t* raw, const std::int8_t* labels, double weight) {
  for (Rate& rate : rates_) rate.fit.measure(key(rate, raw), labels, weight);
}

void RateFits::fix_statistics() {
  for (Rate& rate : rates_) rate.fit.fix_statistics();
}

void RateFits::give_to(const std::vector<std::unique_ptr<FieldState>>& fields) const {
  for (const Rate& rate : rates_) fields[rate.field]->rate = rate.fit.state();
}

std::vector<std::uint64_t> RateFits::fingerprints() const {
  std::vector<std::uint64_t> sorted = fingerprints_;
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

void RateFits::restart() {
  for (Rate& rate : rates_) rate.fit.restart();
}

void RateFits::encode(const std::uint64_t* raw, const std::int8_t* labels, double weight,
                      std::vector<BatchColumn>& columns) {
  for (Rate& rate : rates_) {
    std::vector<double>& values = columns[rate.field].values;
    const std::size_t numbers = rate.fit.state()->numbers();
    values.resize(values.size() + numbers);
    rate.fit.encode(key(rate, raw), labels, weight, values.data() + values.size() - numbers);
  }
}

}  // namespace dcrnn::data
