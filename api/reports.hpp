// The library's own figures as the public ones.
#pragma once

#include <vector>

#include "dcrnn/files.hpp"
#include "train/config.hpp"
#include "train/evaluate.hpp"

namespace dcrnn::api {

std::vector<TaskReport> task_reports(const ModelConfig& config,
                                     const std::vector<train::TaskMetrics>& metrics);

}  // namespace dcrnn::api
