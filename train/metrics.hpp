// Metrics of a binary task over a whole data set, in 8 bytes per row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dcrnn::train {

/// Gathers (score, label, weight) and computes ranking and calibration.
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
  struct Row {
    float score;
    float signed_weight;  ///< positive for label 1, negative for 0
  };
  void sort();
  std::vector<Row> rows_;
  std::size_t count_ = 0, positives_ = 0;
  bool sorted_ = false;
};

}  // namespace dcrnn::train
