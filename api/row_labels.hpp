// Labels, soft labels and weights of a caller's rows.
#pragma once

#include "core/batch.hpp"
#include "dcrnn/rows.hpp"
#include "train/config.hpp"

namespace dcrnn::api {

/// Sets labels, targets and weights of `batch`. Failure(data) names the task or the weight, and the row.
void read_labels(const Rows& rows, const ModelConfig& config, Batch& batch);

}  // namespace dcrnn::api
