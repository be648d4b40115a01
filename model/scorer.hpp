// Scoring: forward only, no cache written. One const ScoringNetwork serves any number of threads, each with a
// workspace of its own.
#pragma once

#include <cstddef>
#include <vector>

#include "core/batch.hpp"
#include "model/network.hpp"

namespace dcrnn::model {

/// Weights ready to score.
class ScoringNetwork {
 public:
  ScoringNetwork(const ModelConfig& config, const ParameterTable& table, const kernels::Table<float>& ops);
  /// Packs `parameters`, which must outlive their use.
  void set_parameters(const float* parameters, int threads);

  const Network& network() const { return network_; }

 private:
  friend class ScoringWorkspace;
  Network network_;
  const kernels::Table<float>& ops_;
  const float* parameters_ = nullptr;
  Packed<float> packed_;
};

/// Memory for scoring; one user at a time.
class ScoringWorkspace {
 public:
  /// For at most `threads` threads of its own.
  ScoringWorkspace(const ScoringNetwork& network, int threads);
  /// Probabilities [B, T] of the batch's rows; `logits` [B, T] unless null. The bytes of a row depend on
  /// nothing but the row. No heap allocation.
  void score(const ScoringNetwork& network, const Batch& batch, float* probabilities, float* logits);

 private:
  int threads_;
  std::vector<Arena<float>> arenas_;
};

}  // namespace dcrnn::model
