// Where the heads start: at each task's base rate, so that a fresh model errs in no task as a whole.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/batch.hpp"
#include "model/config.hpp"
#include "model/parameters.hpp"

namespace dcrnn::train {

/// Weighted share of positives of every task [T] among the rows of `source`; nothing where no row counts. A
/// task's rows are those with its label; with probability chain, of a task after another, those with both
/// labels and a positive of its parent, since its logit is that given the parent. Calls `progress` with the
/// rows done; false ends in Failure(stopped). Failure(data) if the weights sum to infinity.
std::vector<std::optional<double>> count_base_rates(const ModelConfig& config, BatchSource& source,
                                                    const std::function<bool(std::uint64_t)>& progress);

/// head.<task>.bias = logit(rate) in `parameters` (table.total() elements), the rate held within [1e-6, 1 -
/// 1e-6]; 0 where there is none.
void start_heads(std::span<const Task> tasks, std::span<const std::optional<double>> rates,
                 const model::ParameterTable& table, std::span<float> parameters);

}  // namespace dcrnn::train
