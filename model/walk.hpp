// The one place where the layers are put together.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/build.hpp"
#include "model/config.hpp"
#include "model/objective.hpp"

namespace dcrnn::model {

/// A bit for every task.
using TaskSet = std::uint32_t;
static_assert(kMaxTasks <= 32);

/// The layers in the order of a forward pass; the objective is the last.
struct Layers {
  std::vector<std::unique_ptr<Layer>> all;
  std::vector<std::size_t> rows_end;    ///< per layer: the end of its rows of the trace
  std::vector<GradientPlan> gradients;  ///< per layer
  std::vector<TaskSet> reached_by;      ///< per layer: the tasks whose part of the loss depends on it
  const Objective* objective = nullptr;
  Stream x0, logits;
};

/// Builds every layer that `config` describes, from x0 to the losses, telling `build` of each.
Layers walk(Build& build, const ModelConfig& config);

}  // namespace dcrnn::model
