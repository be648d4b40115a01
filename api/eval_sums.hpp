// All figures of EvalReport over batches of scored rows.
#pragma once

#include <vector>

#include "core/batch.hpp"
#include "dcrnn/files.hpp"
#include "train/config.hpp"
#include "train/evaluate.hpp"
#include "train/ranking.hpp"

namespace dcrnn::api {

class EvalSums {
 public:
  /// `at`: the k of nDCG@k; empty: 5 and 10 where the config names a group. Failure(usage) for places without
  /// groups.
  EvalSums(const ModelConfig& config, const std::vector<std::size_t>& at);

  /// Finite probabilities and logits [B, T] of a batch with labels, and groups where the config names them.
  void add(const Batch& batch, const float* probabilities, const float* logits);
  /// Notes are left empty.
  EvalReport report();

 private:
  void rank(const Batch& batch, const float* probabilities);

  train::Evaluation evaluation_;
  bool grouped_;
  std::vector<std::size_t> at_;
  std::vector<train::GroupRanking> rankings_;  // per task
  std::size_t rows_without_group_ = 0;
};

}  // namespace dcrnn::api
