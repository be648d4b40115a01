// Scoring: forward only, no cache written. One const ScoringNetwork serves any number of threads, each with a
// workspace of its own.
#pragma once

#include <cstddef>
#include <vector>

#include "core/batch.hpp"
#include "model/members.hpp"
#include "model/network.hpp"

namespace dcrnn::model {

/// Weights ready to score.
class ScoringNetwork {
 public:
  /// Of `members` networks. `table` is that of each.
  ScoringNetwork(const ModelConfig& config, const ParameterTable& table, const kernels::Table<float>& ops,
                 std::size_t members = 1);
  /// Packs the members' parameters, one behind the other, which must outlive their use.
  void set_parameters(const float* parameters, int threads);

  const Network& network() const { return network_; }

 private:
  friend class ScoringWorkspace;
  Network network_;
  const kernels::Table<float>& ops_;
  struct Member {
    const float* parameters;
    Packed<float> packed;
  };
  std::vector<Member> members_;
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
  std::vector<MeanLogits> means_;  ///< per thread; none for one member
};

}  // namespace dcrnn::model
