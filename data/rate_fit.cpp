#include "data/rate_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/failure.hpp"
#include "data/hash.hpp"

namespace dcrnn::data {
namespace {

constexpr double kLeastDeviation = 1e-9;  // below it a number says nothing

std::uint64_t hash_of(std::uint64_t row, std::uint64_t seed) {
  std::array<char, 8> bytes;  // low byte first
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(row >> (8 * i));
  return xxh64({bytes.data(), bytes.size()}, seed);
}

/// The first row of block i of b, of n rows: floor(i n / b), without an overflow as long as b fits in 32
/// bits.
std::uint64_t first_of_block(std::uint64_t i, std::uint64_t b, std::uint64_t n) {
  return i * (n / b) + i * (n % b) / b;
}

}  // namespace

std::uint64_t RateFit::fold_of(std::uint32_t key_number) const {
  const std::uint64_t fold = hash_of(row_, state_->config.seed) % state_->config.blocks;
  return key_number * static_cast<std::uint64_t>(state_->config.blocks) + fold;
}

void RateFit::count(std::uint64_t key, const std::int8_t* labels, double weight) {
  finite_ = state_->add(key, labels, weight) && finite_;
  const bool shuffled = state_->config.order == RateOrder::shuffled;
  const std::size_t width = 2 * all_.size();
  std::uint32_t number = 0, fold = 0;
  if (shuffled) {
    number = state_->table.find(key);
    fold = folds_.add(fold_of(number));
    ++folds_.rows(fold);
    totals_.resize(state_->table.size() * width);
    fold_sums_.resize(folds_.size() * width);
  }
  for (std::size_t t = 0; t < all_.size(); ++t) {
    const std::array<double, 2> share = state_->tasks[t].share(labels, weight);
    for (std::size_t i = 0; i < 2; ++i) {
      all_[t][i] += share[i];
      if (!shuffled) continue;
      totals_[number * width + 2 * t + i].add(share[i]);
      fold_sums_[fold * width + 2 * t + i].add(share[i]);
    }
  }
  rows_ = ++row_;
}

void RateFit::fix_priors(const std::string& source) {
  std::vector<double> priors;
  for (const auto& [base, hits] : all_) {
    if (!finite_ || !std::isfinite(base)) {
      fail(ErrorCode::data, source + ": the sample weights sum to infinity", "scale the weights down");
    }
    priors.push_back(base > 0 ? bounded(hits / base) : 0.5);
  }
  if (state_->statistics.empty()) state_->priors = std::move(priors);
  counted_as_ = state_->table.sort();
  moments_.resize(state_->numbers());
  f_.resize(state_->numbers());
  seen_sums_.resize(2 * state_->tasks.size());
  seen_.sums = seen_sums_;
  restart();
}

void RateFit::restart() {
  row_ = block_ = 0;
  if (state_->config.order == RateOrder::shuffled) return;
  running_.assign(state_->table.size(), {});
  sums_.assign(state_->table.size() * seen_sums_.size(), 0);
  sums_before_ = sums_;
}

/// What the row at hand sees of its key, as f; then on to the next row.
void RateFit::see(std::uint64_t key, const std::int8_t* labels, double weight, double* f) {
  const std::uint32_t number = state_->table.find(key);
  if (state_->config.order == RateOrder::file) {
    see_blocks_before(number, labels, weight);
  } else {
    see_other_folds(number);
  }
  state_->rates(seen_, f);
  ++row_;
}

void RateFit::see_blocks_before(std::uint32_t number, const std::int8_t* labels, double weight) {
  // With more blocks than rows, every row is a block.
  const std::uint64_t blocks = std::min<std::uint64_t>(state_->config.blocks, rows_);
  while (row_ >= first_of_block(block_ + 1, blocks, rows_)) ++block_;
  const std::size_t width = seen_sums_.size();
  double* const sums = sums_.data() + number * width;
  double* const before = sums_before_.data() + number * width;
  Running& running = running_[number];
  if (running.block != block_) {
    running.block = block_;
    running.rows_before = running.rows;
    std::copy_n(sums, width, before);
  }
  seen_.rows = running.rows_before;
  std::copy_n(before, width, seen_sums_.data());
  ++running.rows;
  for (std::size_t t = 0; t < state_->tasks.size(); ++t) {
    const auto [base, hits] = state_->tasks[t].share(labels, weight);
    sums[2 * t] += base;
    sums[2 * t + 1] += hits;
  }
}

void RateFit::see_other_folds(std::uint32_t number) {
  const std::uint32_t counted_as = counted_as_[number];
  const std::uint32_t fold = folds_.find(fold_of(counted_as));
  const std::size_t width = seen_sums_.size();
  seen_.rows = state_->table.rows(number) - folds_.rows(fold);
  for (std::size_t i = 0; i < width; ++i) {
    seen_sums_[i] = totals_[counted_as * width + i].without(fold_sums_[fold * width + i]);
  }
}

void RateFit::measure(std::uint64_t key, const std::int8_t* labels, double weight) {
  see(key, labels, weight, f_.data());
  for (std::size_t i = 0; i < f_.size(); ++i) moments_[i].add(f_[i]);
}

void RateFit::fix_statistics() {
  for (const Moments& one : moments_) {
    if (state_->statistics.size() == moments_.size()) break;  // known
    const double deviation = one.deviation();
    state_->statistics.push_back({one.mean(), deviation < kLeastDeviation ? 1.0 : deviation});
  }
  restart();
}

void RateFit::encode(std::uint64_t key, const std::int8_t* labels, double weight, double* x) {
  see(key, labels, weight, x);
  state_->standardize(x);
}

}  // namespace dcrnn::data
