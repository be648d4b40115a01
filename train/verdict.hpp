// The model that a training kept, measured on rows it was trained on: has it learnt anything at all?
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "kernels/table.hpp"
#include "model/parameters.hpp"
#include "train/config.hpp"

namespace dcrnn::train {

inline constexpr std::size_t kJudgedRows = 16384;

/// Scores up to `kJudgedRows` training rows, `row(i)` being the i-th, and compares each task's log loss with
/// that of its share of ones predicted for every row. Gives a line for each task that comes out worse;
/// Failure(diverged) if one is wrong beyond all measure without a number being NaN. Tasks of weight 0, of
/// one class or with few rows are not judged.
std::vector<std::string> verdict(const Config& config, const model::ParameterTable& table,
                                 const float* parameters, BatchSource& train,
                                 const std::function<std::size_t(std::size_t)>& row,
                                 const kernels::Table<float>& ops, int threads);

}  // namespace dcrnn::train
