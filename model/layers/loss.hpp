// Probability and loss. The math of a row lies in kernels/reference/loss.hpp. Derivation:
// docs/loss.md.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "config/config.hpp"
#include "core/batch.hpp"
#include "core/failure.hpp"
#include "core/limits.hpp"
#include "model/builder.hpp"

namespace dcrnn::model {

class Loss {
 public:
  Loss() = default;
  Loss(Builder& builder, const ModelConfig& config)
      : T_(config.tasks.size()),
        logit_(builder.arena.add_dense(T_)),
        probability_(builder.arena.add_dense(T_)),
        dlogit_(builder.training ? builder.arena.add_dense(T_) : 0) {
    for (const Task& task : config.tasks) {
      parents_.push_back(config.chain ? task.parent : kNoParent);
      weights_.push_back(task.weight);
    }
  }

  Slot logit() const { return logit_; }
  Slot probability() const { return probability_; }
  Slot dlogit() const { return dlogit_; }

  /// What a batch's labels and weights fix before any row is computed.
  struct Targets {
    std::vector<const std::int8_t*> labels;  ///< [T] arrays [B]
    const double* weights = nullptr;         ///< [B] or null
    std::vector<double> share;  ///< [T] 1 / sum of the weights of the labelled rows, 0 if there are none
    std::vector<double> scale;  ///< [T] task weight * share
  };
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

  /// Probabilities of the block's rows; with targets also adds to sums [T] their weighted losses.
  template <class Real>
  void forward(const Pass<Real>& pass, const Targets* targets, double* sums) const {
    if (targets == nullptr) {
      pass.ops.loss_forward({pass.count, T_, parents_.data(), pass.at(logit_), nullptr, nullptr,
                             pass.at(probability_), nullptr});
      return;
    }
    const Labels labels(*targets, pass.batch_row);
    pass.ops.loss_forward({pass.count, T_, parents_.data(), pass.at(logit_), labels.rows.data(),
                           labels.weights, pass.at(probability_), sums});
  }

  /// Gradient of the total loss with respect to the logits.
  template <class Real>
  void backward(const Pass<Real>& pass, const Targets& targets) const {
    const Labels labels(targets, pass.batch_row);
    pass.ops.loss_backward({pass.count, T_, parents_.data(), pass.at(logit_), labels.rows.data(),
                            labels.weights, targets.scale.data(), pass.at(dlogit_)});
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
    Labels(const Targets& targets, std::size_t first)
        : weights(targets.weights == nullptr ? nullptr : targets.weights + first) {
      for (std::size_t t = 0; t < targets.labels.size(); ++t) rows[t] = targets.labels[t] + first;
    }
    std::array<const std::int8_t*, kMaxTasks> rows{};
    const double* weights;
  };

  std::size_t T_ = 0;
  Slot logit_ = 0, probability_ = 0, dlogit_ = 0;
  std::vector<std::size_t> parents_;
  std::vector<double> weights_;
};

}  // namespace dcrnn::model
