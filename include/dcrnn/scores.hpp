// The scores of a labelled file, row by row: what statistics of one's own begin with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dcrnn/export.h"
#include "dcrnn/files.hpp"
#include "dcrnn/model.hpp"
#include "dcrnn/result.hpp"

namespace dcrnn {

/// B rows of a file in their order, T tasks in the order of Model::tasks().
struct LabelledScores {
  std::size_t rows = 0;
  std::vector<std::vector<float>> probabilities;  ///< [T][B]: p(task)
  std::vector<std::vector<float>> logits;  ///< [T][B]: the task's own logit; a chain's child given its parent
  std::vector<std::vector<std::int8_t>> labels;  ///< [T][B]: 0, 1, or -1 where missing
};
/// Takes data, batch, compute and progress of `job`. Keeps 9 bytes per row and task.
DCRNN_EXPORT Result<LabelledScores> score_files(const Model& model, const EvalJob& job) noexcept;

}  // namespace dcrnn
