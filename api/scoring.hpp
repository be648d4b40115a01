// Scores checked before anybody sees them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "train/config.hpp"

namespace dcrnn::api {

/// Failure(data) naming the first row and task whose probability or logit [rows, T] is not finite: with
/// finite parameters only extreme inputs make one. `logits` may be null. `place(row)` says where a row came
/// from.
void check_scores(const ModelConfig& config, const float* probabilities, const float* logits,
                  std::size_t rows, const std::function<std::string(std::size_t)>& place);

}  // namespace dcrnn::api
