// Mean and deviation of a stream of numbers.
#pragma once

#include <cmath>
#include <cstdint>

namespace dcrnn::data {

/// Welford's method (B. P. Welford, Technometrics 4, 1962): no cancellation, exact for a constant.
class Moments {
 public:
  void add(double x) {
    ++count_;
    const double delta = x - mean_;
    mean_ += delta / static_cast<double>(count_);
    squares_ += delta * (x - mean_);
  }
  double mean() const { return mean_; }
  /// Of the population (divided by the count); 0 without values.
  double deviation() const { return count_ == 0 ? 0 : std::sqrt(squares_ / static_cast<double>(count_)); }

 private:
  std::uint64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;  // of the differences from the mean
};

}  // namespace dcrnn::data
