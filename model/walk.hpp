// The one place where the layers are put together.
#pragma once

#include <memory>
#include <vector>

#include "model/build.hpp"
#include "model/config.hpp"
#include "model/objective.hpp"

namespace dcrnn::model {

/// The layers in the order of a forward pass; the objective is the last.
struct Layers {
  std::vector<std::unique_ptr<Layer>> all;
  std::vector<std::size_t> rows_end;  ///< per layer: the end of its rows of the trace
  const Objective* objective = nullptr;
  Stream x0, logits;
};

/// Builds every layer that `config` describes, from x0 to the losses, telling `build` of each.
Layers walk(Build& build, const ModelConfig& config);

}  // namespace dcrnn::model
