// What in a config or in the training rows keeps a model from learning what was asked for.
#pragma once

#include <string>
#include <vector>

#include "train/config.hpp"
#include "train/survey.hpp"

namespace dcrnn::train {

/// Failure(usage) if a field reads the label of a task: the model would be given the answer. `source` names
/// the config.
void refuse_labels_as_fields(const Config& config, const std::string& source);

/// Share of a child's ones, without a parent, up to which a log is noisy rather than wrong.
inline constexpr double kNoisyOrphans = 0.01;

struct Finding {
  bool grave = true;  ///< spoils what was asked for; else worth knowing
  std::string text;

  std::string line() const { return (grave ? "warning: " : "note: ") + text; }
};

/// Of the training rows, the gravest first. Failure(data) if no row teaches any task.
std::vector<Finding> findings(const ModelConfig& config, const Survey& survey);

/// Of validation rows: tasks by which no epoch can be judged, children that no model of a chain predicts.
std::vector<Finding> validation_findings(const ModelConfig& config, const Survey& survey);

/// True if the text of the config asks for early stopping. `source` names it.
bool asks_for_early_stopping(const Config& config, const std::string& config_json, const std::string& source);

}  // namespace dcrnn::train
