// Probability, losses and their sum. The math of a row lies in kernels/reference/loss.hpp. Derivations:
// docs/loss.md, docs/calibrator.md, docs/uncertainty.md.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/failure.hpp"
#include "model/build.hpp"

namespace dcrnn::model {

/// How the losses of the tasks become one: by fixed weights, or by learned log variances besides.
enum class Weighting { fixed, uncertainty };

/// The objective: logits [B, T] to probabilities and losses.
class Loss {
 public:
  struct Config {
    bool chain;         ///< a task's probability is that of its whole path
    double calibrator;  ///< alpha: what a probability above the parent's costs; 0 with `chain`
    Weighting weighting;
  };

  Loss(Build& build, const Config& config, const Stream& logits)
      : T_(build.tasks.size()), config_(config), logits_(logits), probability_(build.arena.add_dense(T_)) {
    for (std::size_t t = 0; t < T_; ++t) {
      const Task& task = build.tasks[t];
      parents_.push_back(task.parent);
      path_.push_back(config.chain ? task.parent : kNoParent);
      weights_.push_back(task.weight);
      positive_weights_.push_back(task.positive_weight);
      if (calibrates() && task.parent != kNoParent) {
        build.kink(logits.columns(t, 1).place(), logits.columns(task.parent, 1).place());
      }
    }
    if (learns()) {
      log_variance_ = build.parameter("weighting.log_variance", {T_}, Init::zeros, kObjective);
    }
    build.trace("logit", logits);
    build.trace_value("probability", {probability_, 0, 0, T_});
  }

  Slot probability() const { return probability_; }
  bool links_tasks() const { return config_.chain || calibrates(); }
  std::size_t sums() const { return calibrates() ? 2 * T_ : T_; }

  /// Fills `targets` (its vectors keep their memory from batch to batch).
  template <class Real>
  void set_targets(const Batch& batch, const Real* parameters, Targets& targets) const {
    targets.labels.resize(T_);
    targets.weights = batch.weights.empty() ? nullptr : batch.weights.data();
    targets.soft.resize(T_);
    const auto weight = [&](std::size_t b) { return targets.weights ? targets.weights[b] : 1.0; };
    targets.share.resize(T_);
    targets.scale.resize(T_);
    targets.log_variance.resize(T_);
    for (std::size_t t = 0; t < T_; ++t) {
      targets.labels[t] = batch.labels[t].data();
      const bool soft = t < batch.targets.size() && !batch.targets[t].empty();
      targets.soft[t] = soft ? batch.targets[t].data() : nullptr;
      double sum = 0;
      for (std::size_t b = 0; b < batch.rows; ++b) {
        const std::int8_t label = batch.labels[t][b];
        if (label != kMissingLabel) sum += label == 1 ? positive_weights_[t] * weight(b) : weight(b);
      }
      targets.share[t] = inverse(sum);
      targets.log_variance[t] = learns() ? static_cast<double>(parameters[log_variance_ + t]) : 0;
      targets.scale[t] = weights_[t] * std::exp(-targets.log_variance[t]) * targets.share[t];
    }
    if (!calibrates()) return;
    double all = 0;
    for (std::size_t b = 0; b < batch.rows; ++b) all += weight(b);
    targets.excess_share = inverse(all);
    targets.excess_scale.assign(T_, config_.calibrator * targets.excess_share);
  }

  /// Probabilities of the block's rows; with targets also adds to pass.losses their weighted losses [T] and,
  /// with a calibrator, behind these their weighted excess over the parent's probability [T].
  template <class Real>
  void forward(const Pass<Real>& pass) const {
    const Labels labels(pass.targets, pass.batch_row);
    pass.ops.loss_forward({pass.count, T_, path_.data(), pass.value(logits_),
                           pass.targets != nullptr ? labels.rows.data() : nullptr, labels.weights,
                           pass.at(probability_), pass.losses, labels.soft.data(), positive_weights_.data()});
    if (!calibrates() || pass.targets == nullptr) return;
    pass.ops.calibrator_forward(
        {pass.count, T_, parents_.data(), pass.value(logits_), labels.weights, pass.losses + T_});
  }

  /// Gradient of the total loss with respect to the logits.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    const Labels labels(pass.targets, pass.batch_row);
    pass.ops.loss_backward({pass.count, T_, path_.data(), pass.value(logits_), labels.rows.data(),
                            labels.weights, pass.targets->scale.data(), pass.gradient(logits_),
                            labels.soft.data(), positive_weights_.data()});
    if (!calibrates()) return;
    pass.ops.calibrator_backward({pass.count, T_, parents_.data(), pass.value(logits_), labels.weights,
                                  pass.targets->excess_scale.data(), pass.gradient(logits_)});
  }

  /// Losses from the sums over all rows, and the parts of the total:
  /// L_t = weight_t (exp(-s_t) loss_t + s_t / 2) + alpha c_t, the bracket only where there are labels.
  void losses(const Targets& targets, const double* sums, Losses& losses) const {
    losses.tasks.resize(T_);
    losses.parts.resize(T_);
    if (calibrates()) losses.calibrator.resize(T_);
    for (std::size_t t = 0; t < T_; ++t) {
      const bool labelled = targets.share[t] > 0;
      const double s = targets.log_variance[t];
      losses.tasks[t] = labelled ? sums[t] * targets.share[t] : 0;
      losses.parts[t] = labelled ? weights_[t] * (std::exp(-s) * losses.tasks[t] + s / 2) : 0;
      if (!calibrates()) continue;
      losses.calibrator[t] = sums[T_ + t] * targets.excess_share;
      losses.parts[t] += config_.calibrator * losses.calibrator[t];
    }
  }

  /// ds_t = weight_t (1/2 - exp(-s_t) loss_t), 0 without labels.
  template <class Real>
  void finish(const Targets& targets, const Losses& losses, std::size_t base, Real* gradients) const {
    if (!learns()) return;
    for (std::size_t t = 0; t < T_; ++t) {
      const double ds = weights_[t] * (0.5 - std::exp(-targets.log_variance[t]) * losses.tasks[t]);
      gradients[log_variance_ - base + t] = static_cast<Real>(targets.share[t] > 0 ? ds : 0);
    }
  }

 private:
  /// The targets from row `first` on.
  struct Labels {
    Labels(const Targets* targets, std::size_t first) {
      if (targets == nullptr) return;
      if (targets->weights != nullptr) weights = targets->weights + first;
      for (std::size_t t = 0; t < targets->labels.size(); ++t) {
        rows[t] = targets->labels[t] + first;
        if (targets->soft[t] != nullptr) soft[t] = targets->soft[t] + first;
      }
    }
    std::array<const std::int8_t*, kMaxTasks> rows{};
    std::array<const double*, kMaxTasks> soft{};
    const double* weights = nullptr;
  };

  bool calibrates() const { return config_.calibrator > 0; }
  bool learns() const { return config_.weighting == Weighting::uncertainty; }

  /// 1 / the sum of sample weights, 0 for 0. Failure(data) where a mean would not be a number.
  static double inverse(double sum) {
    if (!std::isfinite(sum)) {
      fail(ErrorCode::data, "the sample weights of a batch sum to infinity", "scale the weights down");
    }
    const double share = sum > 0 ? 1 / sum : 0;
    if (!std::isfinite(share)) {
      fail(ErrorCode::data, "the sample weights of a batch are too close to 0", "scale the weights up");
    }
    return share;
  }

  std::size_t T_ = 0;
  Config config_;
  Stream logits_;
  Slot probability_ = 0;
  std::vector<std::size_t> parents_, path_;  ///< path_: the parents whose probability is part of a task's
  std::vector<double> weights_, positive_weights_;
  std::size_t log_variance_ = 0;  ///< offset of s
};

}  // namespace dcrnn::model
