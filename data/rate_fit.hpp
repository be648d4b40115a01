// Fits a rate field, and tells what each training row sees of the others. Knows no files.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/exact_sum.hpp"
#include "data/moments.hpp"
#include "data/rate_state.hpp"

namespace dcrnn::data {

/// count() every training row and fix_priors(); measure() every row again and fix_statistics(); then the
/// state is final; encode() every row. Always in the order of the rows. Memory holds the keys, and
/// what is in each of their folds, not the rows.
class RateFit {
 public:
  /// `state`: with the edges of its columns; priors and statistics that it has stay.
  explicit RateFit(RateState state)
      : state_(std::make_shared<RateState>(std::move(state))), all_(state_->tasks.size()) {}

  std::shared_ptr<const RateState> state() const { return state_; }
  void count(std::uint64_t key, const std::int8_t* labels, double weight);
  /// Failure(data), naming `source`, if the weights sum to infinity.
  void fix_priors(const std::string& source);
  void measure(std::uint64_t key, const std::int8_t* labels, double weight);
  void fix_statistics();
  /// Begins encode() at the first row again.
  void restart();
  /// The row's numbers [numbers()].
  void encode(std::uint64_t key, const std::int8_t* labels, double weight, double* x);

 private:
  /// The fold of the row at hand among those of a key.
  std::uint64_t fold_of(std::uint32_t key_number) const;
  void see(std::uint64_t key, const std::int8_t* labels, double weight, double* f);
  void see_blocks_before(std::uint32_t number, const std::int8_t* labels, double weight);
  void see_other_folds(std::uint32_t number);

  /// What of a key stands in the rows so far, and in the blocks before.
  struct Running {
    std::uint64_t block = 0, rows = 0, rows_before = 0;
  };
  std::shared_ptr<RateState> state_;
  bool finite_ = true;
  std::vector<std::array<double, 2>> all_;  // [tasks] base and hits of all rows
  std::uint64_t rows_ = 0;                  // N
  std::uint64_t row_ = 0, block_ = 0;       // at hand
  RateCounts seen_;
  std::vector<double> seen_sums_;
  // file: by number of the key; sums [tasks, 2] of each
  std::vector<Running> running_;
  std::vector<double> sums_, sums_before_;
  // shuffled: [tasks, 2] of each key, of each fold of a key, both as count() numbered them
  std::vector<ExactSum> totals_, fold_sums_;
  RateTable folds_{0};
  std::vector<std::uint32_t> counted_as_;  // the number by which count() knew a key
  std::vector<Moments> moments_;
  std::vector<double> f_;
};

}  // namespace dcrnn::data
