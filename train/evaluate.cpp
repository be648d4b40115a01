#include "train/evaluate.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/limits.hpp"
#include "kernels/table.hpp"

namespace dcrnn::train {
namespace {

bool has_truth(const Batch& batch, std::size_t t) {
  return t < batch.truth.size() && !batch.truth[t].empty();
}

}  // namespace

Evaluation::Evaluation(const ModelConfig& config) : heads_(config.tasks.size()) {
  for (const Task& task : config.tasks) {
    names_.push_back(task.name);
    after_.push_back(task.parent);
    parents_.push_back(config.chain ? task.parent : kNoParent);
  }
}

void Evaluation::clear() {
  rows_ = 0;
  for (Head& head : heads_) {
    head.metrics.clear();
    head.given_parent.clear();
    head.truth.clear();
    head.counterfactual.clear();
    head.counterfactual_truth.clear();
    head.loss = head.weight = head.bias = head.bias_weight = 0;
  }
}

void Evaluation::add(const Batch& batch, const float* probabilities, const float* logits) {
  const std::size_t B = batch.rows, T = heads_.size();
  const auto& loss_forward = kernels::table<float>(Isa::reference).loss_forward;
  for (std::size_t b = 0; b < B; ++b) {
    const double weight = batch.weights.empty() ? 1.0 : batch.weights[b];
    // The log loss from the logits, exact where a probability has rounded to 0 or 1.
    std::array<const std::int8_t*, kMaxTasks> labels{};
    std::array<double, kMaxTasks> losses{};
    std::array<float, kMaxTasks> unused;
    for (std::size_t t = 0; t < T; ++t) labels[t] = batch.labels[t].data() + b;
    loss_forward(
        {1, T, parents_.data(), logits + b * T, labels.data(), nullptr, unused.data(), losses.data()});
    for (std::size_t t = 0; t < T; ++t) {
      add_counterfactual(batch, b, t, probabilities + b * T, logits[b * T + t], weight);
      const std::int8_t label = batch.labels[t][b];
      if (label == kMissingLabel) continue;
      Head& head = heads_[t];
      head.metrics.add(probabilities[b * T + t], label == 1, weight);
      head.loss += static_cast<long double>(weight) * losses[t];
      head.weight += weight;
      if (parents_[t] != kNoParent && batch.labels[parents_[t]][b] == 1) {
        head.given_parent.add(logits[b * T + t], label == 1, weight);
      }
      if (has_truth(batch, t)) {
        head.truth.add(static_cast<float>(batch.truth[t][b]), label == 1, weight);
      }
    }
  }
  rows_ += B;
}

/// Row b, whose `probabilities` are [T]: what task t would be if its parent had happened, where it had not.
void Evaluation::add_counterfactual(const Batch& batch, std::size_t b, std::size_t t,
                                    const float* probabilities, float logit, double weight) {
  const std::size_t parent = after_[t];
  if (parent == kNoParent || batch.labels[parent][b] != 0) return;
  if (!has_truth(batch, t) || !has_truth(batch, parent) || !(batch.truth[parent][b] > 0)) return;
  const double truth = std::min(1.0, batch.truth[t][b] / batch.truth[parent][b]);
  const auto p_parent = static_cast<double>(probabilities[parent]);
  const double ratio = p_parent > 0 ? static_cast<double>(probabilities[t]) / p_parent : 1.0;
  const double p =
      parents_[t] != kNoParent ? 1 / (1 + std::exp(-static_cast<double>(logit))) : std::min(1.0, ratio);
  Head& head = heads_[t];
  head.bias += static_cast<long double>(weight) * (p - truth);
  head.bias_weight += weight;
  for (const bool label : {false, true}) {
    const double share = weight * (label ? truth : 1 - truth);
    head.counterfactual.add(static_cast<float>(p), label, share);
    head.counterfactual_truth.add(static_cast<float>(truth), label, share);
  }
}

std::vector<TaskReport> Evaluation::results() {
  std::vector<TaskReport> results;
  for (std::size_t t = 0; t < heads_.size(); ++t) {
    Head& head = heads_[t];
    TaskReport task;
    task.task = names_[t];
    task.chain_child = parents_[t] != kNoParent;
    task.rows = head.metrics.rows();
    task.positives = head.metrics.positives();
    task.auc = head.metrics.auc();
    if (head.weight > 0) task.logloss = static_cast<double>(head.loss / head.weight);
    task.ece = head.metrics.ece();
    task.mean_prediction = head.metrics.mean_score();
    task.mean_label = head.metrics.mean_label();
    task.auc_given_parent = head.given_parent.auc();
    task.truth_auc = head.truth.auc();
    if (head.bias_weight > 0) task.counterfactual_bias = static_cast<double>(head.bias / head.bias_weight);
    task.counterfactual_auc = head.counterfactual.auc();
    task.counterfactual_truth_auc = head.counterfactual_truth.auc();
    results.push_back(std::move(task));
  }
  return results;
}

}  // namespace dcrnn::train
