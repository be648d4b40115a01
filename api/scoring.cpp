#include "api/scoring.hpp"

#include <cmath>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::api {

void check_probabilities(const ModelConfig& config, const float* probabilities, std::size_t rows,
                         std::uint64_t first_row, const std::string& source) {
  const std::size_t T = config.tasks.size();
  for (std::size_t i = 0; i < rows * T; ++i) {
    if (std::isfinite(probabilities[i])) continue;
    fail(ErrorCode::data,
         source + ": row " + std::to_string(first_row + i / T) + ": the probability of task " +
             in_quotes(config.tasks[i % T].name) + " is not a number",
         "look for extreme numbers in the row, counted from 0 after the header");
  }
}

}  // namespace dcrnn::api
