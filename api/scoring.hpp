// Scores checked before anybody sees them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "config/config.hpp"

namespace dcrnn::api {

/// Failure(data) naming the first row (`first_row` + its index) and task whose probability is not a number:
/// with finite parameters only extreme inputs make one. `source` names where the rows came from.
void check_probabilities(const ModelConfig& config, const float* probabilities, std::size_t rows,
                         std::uint64_t first_row, const std::string& source);

}  // namespace dcrnn::api
