#include "train/verdict.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/failure.hpp"
#include "core/text.hpp"
#include "model/scorer.hpp"
#include "train/evaluate.hpp"
#include "train/findings.hpp"

namespace dcrnn::train {

namespace {

/// Below so many rows, counted as their weights count, nothing is said.
constexpr double kFewestRows = 50;

constexpr const char* kHelp =
    "lower train.optimizer.rate, set train.clip_norm, or look for numbers far from unit scale";

std::string shown(double value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, 3).ptr);
}

/// How many rows of equal weight tell as much: (sum of w)^2 / sum of w^2.
class EffectiveRows {
 public:
  void add(double weight) {
    sum_ += weight;
    squares_ += static_cast<long double>(weight) * weight;
  }
  double count() const { return squares_ > 0 ? static_cast<double>(sum_ * sum_ / squares_) : 0; }

 private:
  long double sum_ = 0, squares_ = 0;
};

/// Log loss of predicting `share` for every row, ones being that share of them.
double base_rate_loss(double share) {
  return -share * std::log(share) - (1 - share) * std::log1p(-share);
}

void check_finite(const std::vector<Task>& tasks, const float* logits, std::size_t rows) {
  for (std::size_t i = 0; i < rows * tasks.size(); ++i) {
    if (std::isfinite(logits[i])) continue;
    fail(ErrorCode::diverged,
         "training diverged: the prediction of task " + in_quotes(tasks[i % tasks.size()].name) +
             " is not finite for a training row",
         kHelp);
  }
}

}  // namespace

std::vector<std::string> verdict(const Config& config, const model::ParameterTable& table,
                                 const float* parameters, BatchSource& train,
                                 const std::function<std::size_t(std::size_t)>& row,
                                 const kernels::Table<float>& ops, int threads) {
  const std::vector<Task>& tasks = config.model.tasks;
  const std::size_t T = tasks.size(), judged = std::min(train.rows(), kJudgedRows);
  model::ScoringNetwork network(config.model, table, ops);
  model::ScoringWorkspace workspace(network, threads);
  network.set_parameters(parameters, threads);
  Evaluation evaluation(config.model);
  std::vector<EffectiveRows> effective(T);
  std::vector<std::size_t> ones(T), orphans(T);  // of these, how many a chain says cannot be
  Batch batch;
  std::vector<std::size_t> index;
  const std::size_t batch_rows = std::min(config.train.batch, judged);
  std::vector<float> probabilities(batch_rows * T), logits(probabilities.size());
  for (std::size_t first = 0; first < judged; first += index.size()) {
    index.resize(std::min(batch_rows, judged - first));
    for (std::size_t i = 0; i < index.size(); ++i) index[i] = row(first + i);
    train.read(index.data(), index.size(), batch);
    workspace.score(network, batch, probabilities.data(), logits.data());
    check_finite(tasks, logits.data(), index.size());
    evaluation.add(batch, probabilities.data(), logits.data());
    for (std::size_t t = 0; t < T; ++t) {
      for (std::size_t b = 0; b < batch.rows; ++b) {
        if (batch.labels[t][b] == kMissingLabel) continue;
        effective[t].add(batch.weights.empty() ? 1 : batch.weights[b]);
        if (batch.labels[t][b] != 1) continue;
        ++ones[t];
        const std::size_t parent = config.model.chain ? tasks[t].parent : kNoParent;
        if (parent != kNoParent && batch.labels[parent][b] == 0) ++orphans[t];
      }
    }
  }
  std::vector<std::string> lines;
  const std::vector<TaskReport> results = evaluation.results();
  for (std::size_t t = 0; t < T; ++t) {
    const double share = results[t].mean_label.value_or(0), loss = results[t].logloss.value_or(0);
    // What learns from other than its labels does not predict their share.
    if (tasks[t].positive_weight != 1 || !tasks[t].soft.empty()) continue;
    if (tasks[t].weight == 0 || share <= 0 || share >= 1 || effective[t].count() < kFewestRows) continue;
    // Nor does a chain predict children without parents, of which findings() has told.
    if (static_cast<double>(orphans[t]) > kNoisyOrphans * static_cast<double>(ones[t])) continue;
    const double base = base_rate_loss(share);
    const std::string line = "task " + in_quotes(tasks[t].name) + ": on training rows the log loss is " +
                             shown(loss) + "; predicting the base rate, " + shown(share) +
                             ", for every row gives " + shown(base);
    if (!(loss <= base + 1) && !(loss <= 5 * base)) {
      fail(ErrorCode::diverged, "training diverged: " + line, kHelp);
    }
    if (loss > 1.02 * base + 0.01) lines.push_back(line);
  }
  return lines;
}

}  // namespace dcrnn::train
