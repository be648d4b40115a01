// Probability and loss. The math of a row lies in kernels/reference/loss.hpp. Derivation:
// docs/loss.md.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/failure.hpp"
#include "model/build.hpp"

namespace dcrnn::model {

/// The objective: logits [B, T] to probabilities and losses.
class Loss {
 public:
  Loss(Build& build, bool chain, const Stream& logits)
      : T_(build.tasks.size()), logits_(logits), probability_(build.arena.add_dense(T_)) {
    for (const Task& task : build.tasks) {
      parents_.push_back(chain ? task.parent : kNoParent);
      weights_.push_back(task.weight);
    }
    build.trace("logit", logits);
    build.trace_value("probability", {probability_, 0, 0, T_});
  }

  Slot probability() const { return probability_; }

  /// Fills `targets` (its vectors keep their memory from batch to batch).
  void set_targets(const Batch& batch, Targets& targets) const {
    targets.labels.resize(T_);
    targets.share.resize(T_);
    targets.scale.resize(T_);
    targets.weights = batch.weights.empty() ? nullptr : batch.weights.data();
    for (std::size_t t = 0; t < T_; ++t) {
      targets.labels[t] = batch.labels[t].data();
      double sum = 0;
      for (std::size_t b = 0; b < batch.rows; ++b) {
        if (batch.labels[t][b] != kMissingLabel) sum += targets.weights ? targets.weights[b] : 1.0;
      }
      if (!std::isfinite(sum)) {
        fail(ErrorCode::data, "the sample weights of a batch sum to infinity", "scale the weights down");
      }
      targets.share[t] = sum > 0 ? 1 / sum : 0;
      if (!std::isfinite(targets.share[t])) {
        fail(ErrorCode::data, "the sample weights of a batch are too close to 0", "scale the weights up");
      }
      targets.scale[t] = weights_[t] * targets.share[t];
    }
  }

  /// Probabilities of the block's rows; with targets also adds to pass.losses [T] their weighted losses.
  template <class Real>
  void forward(const Pass<Real>& pass) const {
    const Labels labels(pass.targets, pass.batch_row);
    pass.ops.loss_forward({pass.count, T_, parents_.data(), pass.value(logits_),
                           pass.targets != nullptr ? labels.rows.data() : nullptr, labels.weights,
                           pass.at(probability_), pass.losses});
  }

  /// Gradient of the total loss with respect to the logits.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    const Labels labels(pass.targets, pass.batch_row);
    pass.ops.loss_backward({pass.count, T_, parents_.data(), pass.value(logits_), labels.rows.data(),
                            labels.weights, pass.targets->scale.data(), pass.gradient(logits_)});
  }

  /// Losses [T] of the tasks from the sums over all rows.
  void losses(const Targets& targets, const double* sums, double* losses) const {
    for (std::size_t t = 0; t < T_; ++t) losses[t] = targets.share[t] > 0 ? sums[t] * targets.share[t] : 0;
  }

  /// Total loss from the losses [T] of the tasks.
  double total(const double* losses) const {
    double sum = 0;
    for (std::size_t t = 0; t < T_; ++t) sum += weights_[t] * losses[t];
    return sum;
  }

 private:
  /// The targets from row `first` on.
  struct Labels {
    Labels(const Targets* targets, std::size_t first) {
      if (targets == nullptr) return;
      if (targets->weights != nullptr) weights = targets->weights + first;
      for (std::size_t t = 0; t < targets->labels.size(); ++t) rows[t] = targets->labels[t] + first;
    }
    std::array<const std::int8_t*, kMaxTasks> rows{};
    const double* weights = nullptr;
  };

  std::size_t T_ = 0;
  Stream logits_;
  Slot probability_ = 0;
  std::vector<std::size_t> parents_;
  std::vector<double> weights_;
};

}  // namespace dcrnn::model
