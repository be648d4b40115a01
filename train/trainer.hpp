// One training step after another on batches in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "model/gradient_engine.hpp"
#include "optim/muon.hpp"
#include "optim/optimizer.hpp"
#include "optim/state.hpp"
#include "train/config.hpp"
#include "train/ridge.hpp"
#include "train/update_plan.hpp"

namespace dcrnn::train {

/// What a step did.
struct StepReport {
  double loss = 0;           ///< weighted total, before the update
  double rate = 0;           ///< learning rate used, that of the dense parameters
  double gradient_norm = 0;  ///< global norm before clipping
  bool compared = false;     ///< the tasks' gradients were: see engine().interference()
};

class Trainer {
 public:
  /// Trains `parameters` (table.total() elements, owned by the caller) in place. `total_steps` places the
  /// schedule; 0: no warm-up and no end. `survey`, of all training rows, is what train.ridge needs; without
  /// one there is no ridge. Failure(memory).
  Trainer(const Config& config, const model::ParameterTable& table, std::span<float> parameters,
          std::size_t total_steps, const kernels::Table<float>& ops, int threads,
          const Survey* survey = nullptr);

  /// One step on 1 .. train.batch rows with labels; replaces a share of vocabulary ids in `batch` by the
  /// unknown row. Failure(diverged) names the first tensor with a NaN or infinity; the parameters are then as
  /// before the step.
  StepReport step(Batch& batch) {
    const StepReport report = differentiate(batch);
    update(batch.rows, report);
    return report;
  }
  /// The two halves of a step, for those who take several together or not at all: the first may fail, and
  /// moves nothing; the second does not fail.
  StepReport differentiate(Batch& batch);
  void update(std::size_t rows, const StepReport& report);

  /// Loss per task [T] of rows with labels, as scoring sees them: nothing dropped, nothing changed.
  const std::vector<double>& losses(const Batch& batch);

  /// Failure(diverged) naming the first parameter with a NaN or infinity: an update can overflow where loss
  /// and gradient did not.
  void check_parameters() const;

  /// To be called after someone else has written to the parameters.
  void parameters_changed() { packed_ = false; }

  std::uint64_t rows_trained() const { return rows_trained_; }
  /// The one that computed the last step.
  const model::GradientEngine<float>& engine() const { return compared_ ? *comparing_ : engine_; }
  model::GradientEngine<float>& engine() { return compared_ ? *comparing_ : engine_; }
  /// What the optimizers remember.
  optim::State& state() { return state_; }
  /// Goes on at the position of an earlier run whose parameters and optimizer state have been put back.
  void resume_at(std::uint64_t steps, std::uint64_t rows_trained);

 private:
  /// For a batch of so many rows.
  void choose_threads(std::size_t rows);
  /// Packs the parameters unless they are.
  void pack();
  void drop_ids(Batch& batch) const;
  /// Forward and backward; true if the tasks' gradients were compared for the log.
  bool pass(const Batch& batch, const model::DropoutState& dropout);
  double gradient_square_sum();
  /// The gradients, times `scale`, into the parameters; `rate` is that of the dense ones.
  void move(double scale, double rate);
  std::string first_bad_parameter() const;
  [[noreturn]] void fail_diverged(const Batch& batch, const model::DropoutState& dropout);

  Config config_;
  model::ParameterTable table_;
  std::span<float> parameters_;
  std::size_t total_steps_;
  const kernels::Table<float>& ops_;
  int threads_;      ///< at most
  int threads_now_;  ///< what the batch at hand can feed
  model::GradientEngine<float> engine_;
  /// In its place where a step compares the tasks' gradients for the log: it must keep the values of the
  /// forward pass, which would cost the other steps time.
  std::optional<model::GradientEngine<float>> comparing_;
  bool compared_ = false;  ///< by the last step
  UpdatePlan plan_;
  optim::State state_;
  optim::Optimizer dense_, tables_;
  optim::Muon<float> muon_;
  std::optional<Ridge> ridge_;
  std::vector<double> square_sums_;
  std::uint64_t rows_trained_ = 0;
  bool packed_ = false;
};

}  // namespace dcrnn::train
