#include "api/row_labels.hpp"

#include <algorithm>
#include <cmath>

#include "api/row_columns.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::api {

namespace {

/// What is learnt from; none without soft labels.
void read_soft(const Labels& labels, const Task& task, std::vector<double>& targets) {
  targets.clear();
  if (labels.soft.empty()) return;
  if (task.soft.empty()) {
    fail_column(task.name, "soft labels were given, but the model has none for this task",
                "set \"soft\" of the task in the config, or give none");
  }
  check_length(task.name, labels.soft.size(), labels.values.size());
  for (std::size_t b = 0; b < labels.soft.size(); ++b) {
    const double soft = labels.soft[b];
    if (std::isnan(soft)) {
      targets.push_back(labels.values[b] == 1 ? 1.0 : 0.0);
    } else if (soft >= 0 && soft <= 1) {
      targets.push_back(task.target(labels.values[b], soft));
    } else {
      fail_row(task.name, b, "soft label " + std::to_string(soft) + ", want a number from 0 to 1",
               "mend the soft label");
    }
  }
}

void read_task_labels(const Rows& rows, const ModelConfig& config, Batch& batch) {
  batch.targets.resize(config.tasks.size());
  batch.labels.resize(config.tasks.size());
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    const std::string& task = config.tasks[t].name;
    const Labels* found = nullptr;
    for (const Labels& labels : rows.labels) {
      if (labels.task != task) continue;
      if (found != nullptr) fail_column(task, "labels given twice", "give one set of labels for every task");
      found = &labels;
    }
    if (found == nullptr) fail_column(task, "no labels for this task", "give labels for every task");
    check_length(task, found->values.size(), rows.count);
    for (std::size_t b = 0; b < rows.count; ++b) {
      const int label = found->values[b];
      if (label < -1 || label > 1) {
        fail_row(task, b, "label " + std::to_string(label) + ", want 0, 1 or -1 (missing)", "mend the label");
      }
    }
    batch.labels[t].assign(found->values.begin(), found->values.end());
    read_soft(*found, config.tasks[t], batch.targets[t]);
  }
  if (rows.labels.size() == config.tasks.size()) return;
  for (const Labels& labels : rows.labels) {
    const auto known = [&](const Task& task) { return task.name == labels.task; };
    if (std::none_of(config.tasks.begin(), config.tasks.end(), known)) {
      fail_column(labels.task, "labels for a task that the model does not have", "Model::tasks() lists them");
    }
  }
}

void read_weights(const Rows& rows, const ModelConfig& config, std::vector<double>& weights) {
  weights.clear();
  if (config.weight.empty()) {
    if (rows.weights.empty()) return;
    fail(ErrorCode::data, "weights were given, but the model has no weight column",
         "set \"weight\" in the config, or give no weights");
  }
  check_length(config.weight, rows.weights.size(), rows.count);
  for (std::size_t b = 0; b < rows.count; ++b) {
    const double weight = rows.weights[b];
    if (!(weight >= 0) || !std::isfinite(weight)) {
      fail_row(config.weight, b, "the weight is negative or not finite", "mend the weight");
    }
  }
  weights.assign(rows.weights.begin(), rows.weights.end());
}

}  // namespace

void read_labels(const Rows& rows, const ModelConfig& config, Batch& batch) {
  read_task_labels(rows, config, batch);
  read_weights(rows, config, batch.weights);
}

}  // namespace dcrnn::api
