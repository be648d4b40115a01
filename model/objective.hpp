// The layer that ends the network: what the trainer and whoever scores ask it.
#pragma once

#include "model/layer.hpp"

namespace dcrnn::model {

/// An objective takes logits [B, T] to probabilities and, with labels, to the losses of the tasks.
class Objective : public Layer {
 public:
  /// What the labels and weights of a batch fix; keeps the memory of `targets`. Failure(data).
  virtual void set_targets(const Batch& batch, Targets& targets) const = 0;
  /// Losses [T] of the tasks from what pass.losses has summed over the batch.
  virtual void losses(const Targets& targets, const double* sums, double* losses) const = 0;
  /// The total from the losses [T].
  virtual double total(const double* losses) const = 0;
  virtual Slot probability() const = 0;
};

template <class Kind>
class ErasedObjective final : public Objective {
 public:
  template <class... Args>
  explicit ErasedObjective(Args&&... args) : kind_(std::forward<Args>(args)...) {}

  void forward(const Pass<float>& pass) const override { kind_.forward(pass); }
  void forward(const Pass<double>& pass) const override { kind_.forward(pass); }
  void backward(const Pass<float>& pass) const override { kind_.backward(pass); }
  void backward(const Pass<double>& pass) const override { kind_.backward(pass); }
  void set_targets(const Batch& batch, Targets& targets) const override { kind_.set_targets(batch, targets); }
  void losses(const Targets& targets, const double* sums, double* losses) const override {
    kind_.losses(targets, sums, losses);
  }
  double total(const double* losses) const override { return kind_.total(losses); }
  Slot probability() const override { return kind_.probability(); }

 private:
  Kind kind_;
};

}  // namespace dcrnn::model
