// Sums that can be taken apart again.
#pragma once

namespace dcrnn::data {

/// A sum and what rounding took from it (D. E. Knuth's two-sum): twice the digits of a double, so that a part
/// can be subtracted however small the rest is.
struct ExactSum {
  double sum = 0, lost = 0;

  void add(double x) {
    const double next = sum + x;
    const double back = next - sum;
    lost += (sum - (next - back)) + (x - back);
    sum = next;
  }
  /// What is left without `part`.
  double without(const ExactSum& part) const {
    ExactSum rest = *this;
    rest.add(-part.sum);
    return rest.sum + (rest.lost - part.lost);
  }
};

}  // namespace dcrnn::data
