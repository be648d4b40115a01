// A training run in a file: everything needed to go on as if nothing had happened.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "core/tensor.hpp"
#include "model/parameters.hpp"
#include "optim/state.hpp"

namespace dcrnn::train {

/// Position and history of a run.
struct RunState {
  std::uint64_t fingerprint = 0;   ///< of the training and validation rows
  std::uint64_t epoch = 0;         ///< being trained, from 0
  std::uint64_t position = 0;      ///< rows of it done
  std::uint64_t rows_trained = 0;  ///< in all epochs
  std::uint64_t optimizer_steps = 0;
  double loss_sum = 0;  ///< of the epoch so far: sum over steps of loss * rows
  double seconds = 0;   ///< spent in the epoch so far
  bool has_best = false;
  double best_score = 0;         ///< larger is better
  std::uint64_t best_epoch = 0;  ///< from 0
  std::uint64_t epochs_since_best = 0;
  bool finished = false;  ///< all epochs are done: only the model is left to write
};

/// Where the run ended that this one goes on from; zeros: from none.
struct RunStart {
  std::uint64_t epoch = 0, rows_trained = 0, optimizer_steps = 0;
};

/// How far a run can get.
struct RunExtent {
  RunStart start;
  std::uint64_t epochs = 0;  ///< at its end, those before its start included
  std::uint64_t rows = 0;    ///< of the training data
  std::uint64_t batch = 0;   ///< rows of a step
};

/// The arrays of a run, table.total() long but for those of the optimizer (optim::State) and `interference`,
/// what the epoch so far has told of it. `best` is empty without validation.
struct RunArrays {
  std::span<float> parameters;
  std::vector<std::span<float>> optimizer;
  std::span<float> best;
  std::vector<optim::Squares> squares;  ///< where `optimizer` holds sums of squares
  std::span<double> interference;
};

/// Writes a safetensors file (docs/format.md): parameters by name, `optimizer.<i>`, `best`, `interference`,
/// any further tensors, the config, the state and a checksum over all data.
void save_checkpoint(const std::string& path, const std::string& config_json,
                     const model::ParameterTable& table, const RunState& state, const RunArrays& arrays,
                     const std::vector<TensorView>& further);

/// The last state of a run that has finished, for one that goes on from it: parameters and optimizer state
/// into `arrays`, whose `best` and `interference` are empty. Failure(model) as below.
RunStart load_finished(const std::string& path, const model::ParameterTable& table, const RunArrays& arrays);

/// Puts a checkpoint back into `arrays`. Failure(model) if it is damaged, holds what no run of this extent
/// can have come to, or was made with another config, seed or data, naming the first difference. `arrays` may
/// have been written to then.
RunState load_checkpoint(const std::string& path, const std::string& config_json,
                         const model::ParameterTable& table, std::uint64_t fingerprint,
                         const RunExtent& extent, const RunArrays& arrays);

}  // namespace dcrnn::train
