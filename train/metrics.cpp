#include "train/metrics.hpp"

#include <algorithm>
#include <cmath>

namespace dcrnn::train {

void BinaryMetrics::add(float score, bool label, double weight) {
  ++count_;
  if (label) ++positives_;
  if (weight <= 0) return;
  rows_.push_back({label ? weight : -weight, score});
  sorted_ = false;
}

void BinaryMetrics::clear() {
  rows_.clear();
  count_ = positives_ = 0;
  sorted_ = false;
}

void BinaryMetrics::sort() {
  if (sorted_) return;
  // The weight breaks ties, so that sums of the rows of a tie have one order.
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    return a.score < b.score || (a.score == b.score && a.signed_weight < b.signed_weight);
  });
  sorted_ = true;
}

std::optional<double> BinaryMetrics::auc() {
  sort();
  long double right = 0, positive = 0, negative = 0;
  for (std::size_t i = 0; i < rows_.size();) {
    long double tied_positive = 0, tied_negative = 0;
    const float score = rows_[i].score;
    for (; i < rows_.size() && rows_[i].score == score; ++i)
      (rows_[i].positive() ? tied_positive : tied_negative) += rows_[i].weight();
    right += tied_positive * (negative + tied_negative / 2);
    positive += tied_positive;
    negative += tied_negative;
  }
  if (positive <= 0 || negative <= 0) return std::nullopt;
  return static_cast<double>(right / (positive * negative));
}

std::optional<double> BinaryMetrics::ece(std::size_t bins) {
  sort();
  if (rows_.empty()) return std::nullopt;
  const std::size_t n = rows_.size();
  long double error = 0, total = 0, gap = 0;  // gap: sum of w (p - y) in the bin being filled
  std::size_t bin = 0;
  for (std::size_t i = 0; i < n;) {
    const std::size_t begin = i;
    const float score = rows_[i].score;
    long double weight = 0, positive = 0;
    for (; i < n && rows_[i].score == score; ++i) {
      weight += rows_[i].weight();
      if (rows_[i].positive()) positive += rows_[i].weight();
    }
    total += weight;
    const long double gap_per_row = (weight * score - positive) / static_cast<long double>(i - begin);
    for (std::size_t at = begin; at < i;) {
      const std::size_t border = (bin + 1) * n / bins;  // first row of the next bin
      const std::size_t until = std::min(border, i);
      gap += gap_per_row * static_cast<long double>(until - at);
      at = until;
      if (until == border) {
        error += std::abs(gap);
        gap = 0;
        ++bin;
      }
    }
  }
  return static_cast<double>(error / total);
}

std::optional<double> BinaryMetrics::mean_score() const {
  long double sum = 0, total = 0;
  for (const Row& row : rows_) {
    const long double w = row.weight();
    sum += w * row.score;
    total += w;
  }
  if (total <= 0) return std::nullopt;
  return static_cast<double>(sum / total);
}

std::optional<double> BinaryMetrics::mean_label() const {
  long double sum = 0, total = 0;
  for (const Row& row : rows_) {
    if (row.positive()) sum += row.weight();
    total += row.weight();
  }
  if (total <= 0) return std::nullopt;
  return static_cast<double>(sum / total);
}

}  // namespace dcrnn::train
