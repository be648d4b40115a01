// Metrics of every task over a data set.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "train/config.hpp"
#include "train/metrics.hpp"

namespace dcrnn::train {

/// One task's figures; nothing where undefined (one class absent, no labelled row).
struct TaskMetrics {
  std::size_t rows = 0;  ///< rows with a label
  std::size_t positives = 0;
  std::optional<double> auc, logloss, ece, mean_prediction, mean_label;
  bool chain_child = false;  ///< its probability contains that of a parent
  std::optional<double>
      auc_given_parent;             ///< chain children: rows whose parent label is 1, by their own logit
  std::optional<double> truth_auc;  ///< AUC of the true probabilities, where the data has them
};

/// Gathers scored batches. Keeps 8 bytes per row and head.
class Evaluation {
 public:
  explicit Evaluation(const ModelConfig& config);
  void clear();
  /// Finite probabilities and logits [B, T] of the batch's rows, which must have labels.
  void add(const Batch& batch, const float* probabilities, const float* logits);
  std::size_t rows() const { return rows_; }
  std::vector<TaskMetrics> results();

 private:
  struct Head {
    BinaryMetrics metrics, given_parent, truth;
    double loss = 0, weight = 0;
  };
  double scaled(double weight);

  std::vector<std::size_t> parents_;
  std::vector<Head> heads_;
  std::size_t rows_ = 0;
  double scale_ = 0;  ///< of the weights, a power of two; 0: not yet known
};

}  // namespace dcrnn::train
