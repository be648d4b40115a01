// The whole model: the layers of the walk, forward and backward over blocks of rows, and the trace.
#pragma once

#include "model/config.hpp"
#include "model/walk.hpp"

namespace dcrnn::model {

/// The structure of a network: which layers, which slots. Immutable; holds no numbers.
class Network {
 public:
  /// `table` is that of the model's parameters.
  Network(const ModelConfig& config, const ParameterTable& table, Build::Purpose purpose);

  /// What the walk adds up to; the layers' weight gradients are told by gradients().
  const Build& plan() const { return build_; }
  const ParameterTable& table() const { return build_.parameters; }
  const Objective& objective() const { return *layers_.objective; }
  std::size_t tasks() const { return layers_.logits.width; }
  const Stream& x0() const { return layers_.x0; }
  const Stream& logits() const { return layers_.logits; }

  /// x0 to losses for the rows of the pass.
  template <class Real>
  void forward(const Pass<Real>& pass) const;
  /// Losses to dx0 for the same rows; training only. With `task` the pass is that of the task's part alone:
  /// layers that it does not reach are left out, whatever their gradients were.
  template <class Real>
  void backward(const Pass<Real>& pass, std::size_t task = kEveryTask) const;
  /// The weight gradients of a batch.
  GradientPlan gradients() const;
  /// Those of the parameters that the task's part reaches, or only those of the parameters of every task.
  GradientPlan gradients(std::size_t task, bool shared_only) const;
  /// Adds a window's contribution to the gradients of the tables.
  template <class Real>
  void gather(const Gather<Real>& gather) const;
  /// Values of the last forward pass by the names of docs/trace.md, x0 to probability; or the gradients of
  /// those that have one, if the last backward pass has kept them.
  template <class Real>
  void trace(const Tracer<Real>& tracer) const;

 private:
  bool reaches(std::size_t task, std::size_t layer) const {
    return task == kEveryTask || (layers_.reached_by[layer] >> task & 1) != 0;
  }

  Build build_;
  Layers layers_;
};

/// Rows that pass through all layers together: small enough for a core's cache, and the unit that threads
/// share out.
inline constexpr std::size_t kBlockRows = 128;

/// Rows whose products follow each other in the sum over a batch that is a weight gradient: all steps of
/// these rows, then those of the next. It fixes the order of the sum, and is the least number of rows whose
/// activations are kept at a time.
inline constexpr std::size_t kGroupRows = 256;

}  // namespace dcrnn::model
