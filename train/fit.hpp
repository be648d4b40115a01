// A whole training run: epochs, validation, the best epoch, early stopping, checkpoints.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "core/tensor.hpp"
#include "dcrnn/files.hpp"
#include "kernels/table.hpp"
#include "model/parameters.hpp"
#include "optim/state.hpp"
#include "train/checkpoint.hpp"
#include "train/config.hpp"
#include "train/evaluate.hpp"
#include "train/survey.hpp"

namespace dcrnn::train {

/// Why a run ended.
enum class StopReason { finished, early_stopping, stopped };

struct FitResult {
  StopReason reason = StopReason::finished;
  std::size_t best_epoch = 0;  ///< from 1; the last without validation
  std::size_t epochs_done = 0;
  std::uint64_t rows_trained = 0;   ///< by this process
  std::uint64_t rows_in_total = 0;  ///< by the run, resumed parts included
};

/// Rows that tell the loss before the first step; enough for rare labels, few beside an epoch.
inline constexpr std::size_t kStartRows = std::size_t{1} << 16;

/// What a run goes on from: `parameters` hold it already.
struct FitStart {
  RunStart run;
  std::span<const float> fresh;  ///< the parameters as they are drawn, table.total()
  /// What the optimizers remembered, of the parameters in `table`, which are the first rows of those trained
  /// now; null: nothing.
  const optim::State* optimizer = nullptr;
  const model::ParameterTable* table = nullptr;
};

struct FitOptions {
  int threads = 1;
  const FitStart* start = nullptr;   ///< null: from fresh parameters
  std::string state;                 ///< path of the last checkpoint, which stays; empty: none does
  std::string checkpoint;            ///< path; empty: none are written
  bool resume = false;               ///< go on from the checkpoint if there is one
  std::string config_json;           ///< written into checkpoints and compared on resume
  std::uint64_t fingerprint = 0;     ///< of the data, likewise
  std::vector<TensorView> encoders;  ///< tensors to save with a checkpoint
  const Survey* survey = nullptr;    ///< of the training rows; null: untouched rows stay, and no ridge
  /// Row at `position` of the order of `epoch` among n rows.
  std::function<std::size_t(std::uint64_t seed, std::uint64_t epoch, std::size_t n, std::size_t position)>
      order;
  ProgressCallback on_progress;  ///< after every step; false stops after saving
  /// Called once before the first step, with the loss of the fresh parameters: of all rows, or of kStartRows
  /// drawn from more.
  std::function<void(double loss)> on_start;
  std::function<void(const EpochSummary&)> on_epoch;
  std::function<void(const std::string&)> on_note;  ///< a one-line fact about the run
  /// Called once when a checkpoint was taken up: the epoch (from 1) and the rows of it that are done.
  std::function<void(std::size_t epoch, std::size_t rows)> on_resume;
};

/// Trains `parameters` in place; at the end they are those of the best epoch (by early_stopping's task and
/// metric on `valid`), of the last without `valid`. Stopped from outside: a checkpoint is written first, then
/// likewise the best epoch so far, or without one what was reached.
/// Failure(diverged), also where what was kept has learnt nothing (verdict.hpp), leaves the last checkpoint.
/// The same bytes for any thread count, and for any sequence of kills and resumes.
FitResult fit(const Config& config, const model::ParameterTable& table, std::span<float> parameters,
              BatchSource& train, BatchSource* valid, const kernels::Table<float>& ops,
              const FitOptions& options);

}  // namespace dcrnn::train
