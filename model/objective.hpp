// The layer that ends the network: what the trainer and whoever scores ask it.
#pragma once

#include "model/layer.hpp"

namespace dcrnn::model {

/// An objective takes logits [B, T] to probabilities and, with labels, to the losses of the tasks.
class Objective : public Layer {
 public:
  /// What the labels and weights of a batch and the parameters fix; keeps the memory of `targets`.
  /// Failure(data).
  virtual void set_targets(const Batch& batch, const float* parameters, Targets& targets) const = 0;
  virtual void set_targets(const Batch& batch, const double* parameters, Targets& targets) const = 0;
  /// How many sums over the rows of a batch pass.losses holds.
  virtual std::size_t sums() const = 0;
  /// The losses from those sums; keeps the memory of `losses`.
  virtual void losses(const Targets& targets, const double* sums, Losses& losses) const = 0;
  /// Gradients of what the objective itself has to learn, once the batch is through; those of the parameters
  /// from `base` on lie at `gradients`.
  virtual void finish(const Targets& targets, const Losses& losses, std::size_t base,
                      float* gradients) const = 0;
  virtual void finish(const Targets& targets, const Losses& losses, std::size_t base,
                      double* gradients) const = 0;
  /// True if a task's part of the total depends on the logits of those it comes after.
  virtual bool links_tasks() const = 0;
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
  void set_targets(const Batch& batch, const float* parameters, Targets& targets) const override {
    kind_.set_targets(batch, parameters, targets);
  }
  void set_targets(const Batch& batch, const double* parameters, Targets& targets) const override {
    kind_.set_targets(batch, parameters, targets);
  }
  std::size_t sums() const override { return kind_.sums(); }
  void losses(const Targets& targets, const double* sums, Losses& losses) const override {
    kind_.losses(targets, sums, losses);
  }
  void finish(const Targets& targets, const Losses& losses, std::size_t base,
              float* gradients) const override {
    kind_.finish(targets, losses, base, gradients);
  }
  void finish(const Targets& targets, const Losses& losses, std::size_t base,
              double* gradients) const override {
    kind_.finish(targets, losses, base, gradients);
  }
  bool links_tasks() const override { return kind_.links_tasks(); }
  Slot probability() const override { return kind_.probability(); }

 private:
  Kind kind_;
};

}  // namespace dcrnn::model
