// Paired tests of two models: on the rows of one file, and over seeds. All in double.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dcrnn::compare {

/// Mean and sample standard deviation (0 for a single number).
struct Spread {
  double mean = 0, deviation = 0;
};
/// Of at least one number.
Spread spread(std::span<const double> numbers);

/// Area under the ROC curve: weighted share of the pairs (positive, negative) that the scores rank rightly,
/// ties counted half; NaN with one class. `weights` may be empty: all 1; a row of weight 0 counts for
/// nothing.
double auc(std::span<const double> scores, std::span<const std::uint8_t> labels,
           std::span<const double> weights = {});

/// Two-sided p of "both scores have the same AUC" on the same rows (DeLong, DeLong and Clarke-Pearson 1988,
/// by the ranks of Sun and Xu 2014). 1 where the difference is 0 or a class has fewer than two rows; 0 where
/// it is not and varies by no row.
double delong_p(std::span<const double> first, std::span<const double> second,
                std::span<const std::uint8_t> labels);

/// Two-sided p of "the paired numbers differ by 0 in the mean" (Student). NaN with fewer than two pairs.
double paired_t_p(std::span<const double> first, std::span<const double> second);

/// The p of a family of tests, corrected so that the chance of one false alarm in all of them keeps to the
/// level (Holm 1979); the order is that of `p`.
std::vector<double> holm(std::span<const double> p);

}  // namespace dcrnn::compare
