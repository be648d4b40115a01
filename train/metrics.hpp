// Metrics of a binary task over a whole data set, in 12 bytes per row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dcrnn::train {

/// Gathers (score, label, weight) and computes ranking and calibration. Any finite weights will do, in any
/// order: sums are long doubles, whose exponents hold the product of two doubles.
class BinaryMetrics {
 public:
  /// `label` 0 or 1, weight >= 0; a row of weight 0 changes nothing.
  void add(float score, bool label, double weight);
  /// Forgets all rows, keeps the memory.
  void clear();

  std::size_t rows() const { return count_; }
  std::size_t positives() const { return positives_; }
  /// Weighted share of pairs (positive, negative) ranked rightly, ties counting half; nothing if one class is
  /// absent. Exact: sorts the rows.
  std::optional<double> auc();
  /// Expected calibration error over `bins` bins of equal row count: sum over bins of |sum of w (p - y)| /
  /// sum of w. Rows of equal score are interchangeable, so a bin border inside a tie takes its share of the
  /// tie's mean.
  std::optional<double> ece(std::size_t bins = 20);
  /// Weighted mean of the scores and of the labels.
  std::optional<double> mean_score() const;
  std::optional<double> mean_label() const;

 private:
  struct [[gnu::packed]] Row {
    double signed_weight;  ///< positive for label 1, negative for 0
    float score;
    bool positive() const { return signed_weight > 0; }
    double weight() const { return positive() ? signed_weight : -signed_weight; }
  };
  void sort();
  std::vector<Row> rows_;
  std::size_t count_ = 0, positives_ = 0;
  bool sorted_ = false;
};

}  // namespace dcrnn::train
