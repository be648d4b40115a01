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

/// One line each, the gravest first. Failure(data) if no row teaches any task.
std::vector<std::string> findings(const ModelConfig& config, const Survey& survey);

}  // namespace dcrnn::train
