// The whole model, sections 1 to 8: the layers in order, forward and backward over blocks of rows, the weight
// gradients, the trace.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/batch.hpp"
#include "model/layers/cross.hpp"
#include "model/layers/embedding.hpp"
#include "model/layers/loss.hpp"
#include "model/layers/sharing.hpp"
#include "model/layers/tower.hpp"
#include "model/layers/transfer.hpp"

namespace dcrnn::model {

/// The structure of a network: which layers, which slots. Immutable; holds no numbers.
class Network {
 public:
  enum class Mode { score, train };
  Network(const ModelConfig& config, const ParameterTable& table, Mode mode);

  const Builder& plan() const { return builder_; }
  const ParameterTable& table() const { return table_; }
  const Loss& loss() const { return loss_; }
  const Embedding& embedding() const { return embedding_; }
  std::size_t tasks() const { return heads_.size(); }
  Stream x0() const { return cross_.input(); }

  /// x0 to logits for the rows of the pass.
  template <class Real>
  void forward(const Pass<Real>& pass, const Batch& batch) const;
  /// dlogits to dx0 for the same rows; training mode only.
  template <class Real>
  void backward(const Pass<Real>& pass) const;
  /// Values of the last forward pass by the names of docs/trace.md, x0 to probability.
  template <class Real>
  void trace(const Arena<Real>& arena, const TraceSink<Real>& sink) const;

 private:
  ParameterTable table_;
  Builder builder_;
  std::vector<std::string> task_names_;
  Cross cross_;
  Embedding embedding_;
  std::vector<SharingBlock> sharing_;
  std::vector<Tower> towers_;
  std::vector<std::unique_ptr<Transfer>> transfers_;  ///< null where a task has none
  std::vector<Stream> representations_;               ///< y_t, transferred
  std::vector<Linear> heads_;
  Loss loss_;
};

/// Rows that pass through all layers together: small enough for a core's cache, and the unit that threads
/// share out.
inline constexpr std::size_t kBlockRows = 128;

/// Rows whose products follow each other in the sum over a batch that is a weight gradient: all steps of
/// these rows, then those of the next. It fixes the order of the sum, and is the least number of rows whose
/// activations are kept at a time.
inline constexpr std::size_t kGroupRows = 256;

}  // namespace dcrnn::model
