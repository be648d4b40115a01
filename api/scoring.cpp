#include "api/scoring.hpp"

#include <cmath>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::api {

void check_scores(const ModelConfig& config, const float* probabilities, const float* logits,
                  std::size_t rows, const std::function<std::string(std::size_t)>& place) {
  const std::size_t T = config.tasks.size();
  for (std::size_t i = 0; i < rows * T; ++i) {
    if (std::isfinite(probabilities[i]) && (logits == nullptr || std::isfinite(logits[i]))) continue;
    fail(ErrorCode::data,
         place(i / T) + ": the prediction of task " + in_quotes(config.tasks[i % T].name) + " is not finite",
         "look for extreme numbers in this row");
  }
}

}  // namespace dcrnn::api
