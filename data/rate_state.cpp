#include "data/rate_state.hpp"

#include <bit>
#include <cmath>

#include "core/batch.hpp"
#include "data/buckets.hpp"
#include "data/cell.hpp"
#include "data/hash.hpp"

namespace dcrnn::data {
namespace {

constexpr double kLargest = 8;  // of a number, either way

double logit(double p) {
  return std::log(p) - std::log(1 - p);
}

}  // namespace

std::array<double, 2> RateTask::share(const std::int8_t* labels, double weight) const {
  const std::int8_t given = parent == kNoParent ? std::int8_t{1} : labels[parent];
  if (labels[task] == kMissingLabel || given == kMissingLabel) return {0, 0};
  const double base = given == 1 ? weight : 0;
  return {base, labels[task] == 1 ? base : 0};
}

std::vector<RateTask> rate_tasks(const Field& field, const std::vector<Task>& tasks) {
  std::vector<RateTask> chosen;
  for (const std::string& name : *field.rate.tasks) {
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      if (tasks[t].name == name) chosen.push_back({t, tasks[t].parent});
    }
  }
  return chosen;
}

RateState::RateState(const Field& field, const std::vector<Task>& all_tasks)
    : config(field.rate), tasks(rate_tasks(field, all_tasks)), table(2 * tasks.size()) {
  for (const KeyColumn& column : field.of) columns.push_back(key_field(field, column));
  edges.resize(columns.size());
}

std::uint64_t RateState::key(std::span<const std::uint64_t> raw) const {
  std::array<std::uint64_t, 2> parts{};
  for (std::size_t j = 0; j < columns.size(); ++j) {
    parts[j] = columns[j].has_words() ? raw[j] : bucket_of(edges[j], std::bit_cast<double>(raw[j]));
  }
  if (columns.size() == 1) return parts[0];
  std::array<char, 16> bytes;  // low byte first
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(parts[i / 8] >> (8 * (i % 8)));
  return xxh64({bytes.data(), bytes.size()});
}

void RateState::rates(const RateCounts& seen, double* f) const {
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const double base = seen.sums.empty() ? 0 : seen.sums[2 * t],
                 hits = seen.sums.empty() ? 0 : seen.sums[2 * t + 1];
    // 1. q = the rate, drawn towards pi; 2. f = its logit less that of pi
    const double pi = priors[t];
    const double rate = pi + (hits - base * pi) / (base + config.prior);
    f[t] = logit(bounded(rate)) - logit(pi);
  }
  if (config.count) f[tasks.size()] = std::log(1 + static_cast<double>(seen.rows));
}

void RateState::standardize(double* x) const {
  // 3. x = f as the training rows' are spread
  for (std::size_t i = 0; i < numbers(); ++i) {
    x[i] = std::clamp((x[i] - statistics[i][0]) / statistics[i][1], -kLargest, kLargest);
  }
}

void RateState::encode(std::uint64_t key_of_row, double* x) const {
  const std::uint32_t found = table.find(key_of_row);
  rates(found == RateTable::kNone ? RateCounts{} : RateCounts{table.rows(found), table.sums(found)}, x);
  standardize(x);
}

bool RateState::add(std::uint64_t key_of_row, const std::int8_t* labels, double weight) {
  const std::uint32_t number = table.add(key_of_row);
  ++table.rows(number);
  const std::span<double> sums = table.sums(number);
  bool finite = true;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const auto [base, hits] = tasks[t].share(labels, weight);
    sums[2 * t] += base;
    sums[2 * t + 1] += hits;
    finite = finite && std::isfinite(sums[2 * t]);
  }
  return finite;
}

}  // namespace dcrnn::data
