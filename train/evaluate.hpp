// Metrics of every task over a data set.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "dcrnn/files.hpp"
#include "train/config.hpp"
#include "train/metrics.hpp"

namespace dcrnn::train {

/// Gathers scored batches. Keeps 12 bytes per row and figure that ranks.
class Evaluation {
 public:
  explicit Evaluation(const ModelConfig& config);
  void clear();
  /// Finite probabilities and logits [B, T] of the batch's rows, which must have labels.
  void add(const Batch& batch, const float* probabilities, const float* logits);
  std::size_t rows() const { return rows_; }
  /// One per task, in their order.
  std::vector<TaskReport> results();

 private:
  struct Head {
    BinaryMetrics metrics, given_parent, truth;
    BinaryMetrics counterfactual, counterfactual_truth;
    long double bias = 0, bias_weight = 0;
    long double loss = 0, weight = 0;
  };

  void add_counterfactual(const Batch& batch, std::size_t b, std::size_t t, const float* probabilities,
                          float logit, double weight);

  std::vector<std::string> names_;
  std::vector<std::size_t> after_;    // the task each follows
  std::vector<std::size_t> parents_;  // the same, where a probability contains the parent's
  std::vector<Head> heads_;
  std::size_t rows_ = 0;
};

}  // namespace dcrnn::train
