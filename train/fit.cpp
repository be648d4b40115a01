#include "train/fit.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "core/buffer.hpp"
#include "core/failure.hpp"
#include "core/file.hpp"
#include "model/scorer.hpp"
#include "train/checkpoint.hpp"
#include "train/interference.hpp"
#include "train/trainer.hpp"

namespace dcrnn::train {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Run {
 public:
  Run(const Config& config, const model::ParameterTable& table, std::span<float> parameters,
      BatchSource& train, BatchSource* valid, const kernels::Table<float>& ops, const FitOptions& options)
      : config_(config),
        table_(table),
        parameters_(parameters),
        train_(train),
        valid_(valid),
        options_(options),
        steps_per_epoch_((train.rows() + config.train.batch - 1) / config.train.batch),
        trainer_(config, table, parameters, steps_per_epoch_ * config.train.epochs, ops, options.threads),
        interference_(config.train.interference > 0 ? config.model.tasks.size() : 0),
        index_(config.train.batch) {
    if (valid_ == nullptr) return;
    best_ = Buffer<float>(table.total(), "parameters of the best epoch");
    network_.emplace(config.model, table, ops);
    workspace_.emplace(*network_, options.threads);
    evaluation_.emplace(config.model);
    probabilities_ = Buffer<float>(config.train.batch * config.model.tasks.size(), "predictions");
    logits_ = Buffer<float>(config.train.batch * config.model.tasks.size(), "predictions");
  }

  FitResult operator()() {
    state_.fingerprint = options_.fingerprint;
    if (options_.resume && file_exists(options_.checkpoint)) resume();
    while (!state_.finished && state_.epoch < config_.train.epochs) {
      if (!train_epoch()) return stop();
      if (!finish_epoch()) return stop();
    }
    if (valid_ != nullptr && state_.has_best) std::copy_n(best_.data(), best_.size(), parameters_.data());
    return result(early_ ? StopReason::early_stopping : StopReason::finished);
  }

 private:
  void resume() {
    state_ =
        load_checkpoint(options_.checkpoint, options_.config_json, table_, options_.fingerprint, arrays());
    trainer_.resume_at(state_.optimizer_steps, state_.rows_trained);
    early_ = state_.finished && state_.epoch < config_.train.epochs;
    if (options_.on_resume) options_.on_resume(state_.epoch + 1, state_.position);
  }

  /// From state_.position to the end of the epoch; false if the caller wants to stop.
  bool train_epoch() {
    const std::size_t n = train_.rows();
    epoch_start_ = Clock::now();
    const double before = state_.seconds;
    while (state_.position < n) {
      const std::size_t count = std::min<std::size_t>(config_.train.batch, n - state_.position);
      for (std::size_t i = 0; i < count; ++i) {
        index_[i] = options_.order(config_.train.seed, state_.epoch, n, state_.position + i);
      }
      train_.read(index_.data(), count, batch_);
      const StepReport step = trainer_.step(batch_);
      if (step.compared) interference_.add(trainer_.engine().interference());
      state_.position += count;
      state_.loss_sum += step.loss * static_cast<double>(count);
      state_.rows_trained = trainer_.rows_trained();
      state_.optimizer_steps = trainer_.optimizer().steps();
      state_.seconds = before + seconds_since(epoch_start_);
      rows_here_ += count;
      if (!report_progress("training")) return false;
      if (seconds_since(last_checkpoint_) >= config_.train.checkpoint_seconds) save();
    }
    return true;
  }

  /// Validation, best epoch, early stopping; false if the caller wants to stop.
  bool finish_epoch() {
    trainer_.check_parameters();
    EpochSummary report;
    if (valid_ != nullptr) {
      if (!validate(report.valid)) return false;
      const std::optional<double> score = score_of(report.valid);
      report.best = !state_.has_best || !score || *score > state_.best_score;
      if (report.best) {
        state_.has_best = true;
        state_.best_score = score.value_or(0);
        state_.best_epoch = state_.epoch;
        state_.epochs_since_best = 0;
        std::copy_n(parameters_.data(), parameters_.size(), best_.data());
      } else {
        ++state_.epochs_since_best;
      }
    }
    report.epoch = state_.epoch + 1;
    report.epochs = config_.train.epochs;
    report.seconds = state_.seconds;
    report.rows_per_second = static_cast<double>(train_.rows()) / std::max(state_.seconds, 1e-9);
    report.loss = state_.loss_sum / static_cast<double>(train_.rows());
    report.interference = interference_.report(config_.model.tasks);

    // Before the checkpoint: a run killed in between tells of the epoch twice, not never.
    if (options_.on_epoch) options_.on_epoch(report);

    ++state_.epoch;
    state_.position = 0;
    state_.loss_sum = state_.seconds = 0;
    interference_.clear();
    const std::size_t patience = config_.train.early_stopping.patience;
    early_ = valid_ != nullptr && patience > 0 && state_.epochs_since_best >= patience &&
             state_.epoch < config_.train.epochs;
    state_.finished = early_ || state_.epoch == config_.train.epochs;
    save();
    return true;
  }

  bool validate(std::vector<TaskReport>& metrics) {
    network_->set_parameters(parameters_.data(), options_.threads);
    evaluation_->clear();
    const std::size_t n = valid_->rows();
    for (std::size_t first = 0; first < n; first += index_.size()) {
      const std::size_t count = std::min(index_.size(), n - first);
      std::iota(index_.begin(), index_.begin() + static_cast<std::ptrdiff_t>(count), first);
      valid_->read(index_.data(), count, batch_);
      workspace_->score(*network_, batch_, probabilities_.data(), logits_.data());
      check_finite(first, count);
      evaluation_->add(batch_, probabilities_.data(), logits_.data());
      if (!report_progress("validating")) return false;
    }
    metrics = evaluation_->results();
    return true;
  }

  /// Failure(diverged) if a logit of validation rows [first, first + count) is not finite.
  void check_finite(std::size_t first, std::size_t count) const {
    const std::size_t T = config_.model.tasks.size();
    for (std::size_t i = 0; i < count * T; ++i) {
      if (std::isfinite(logits_[i])) continue;
      fail(ErrorCode::diverged,
           "training diverged: validation row " + std::to_string(first + i / T + 1) +
               ": the prediction of task \"" + config_.model.tasks[i % T].name + "\" is not finite",
           "lower train.optimizer.rate, or look for extreme numbers in this row, counted from 1");
    }
  }

  bool watched(std::size_t task) const {
    const std::string& name = config_.train.early_stopping.task;
    return name.empty() || config_.model.tasks[task].name == name;
  }

  /// Sum of the watched metric over the watched tasks, larger being better. Whether it is defined depends on
  /// the validation data alone: where an AUC is not, log loss takes its place in all epochs; without any
  /// label there is no score.
  std::optional<double> score_of(const std::vector<TaskReport>& metrics) {
    const bool auc = config_.train.early_stopping.metric == Metric::auc;
    double auc_sum = 0, logloss_sum = 0;
    std::string undefined;
    for (std::size_t t = 0; t < metrics.size(); ++t) {
      if (!watched(t)) continue;
      if (!metrics[t].auc) undefined = config_.model.tasks[t].name;
      if (!metrics[t].logloss) {
        note("the validation data has no label of task \"" + config_.model.tasks[t].name +
             "\": the last epoch is kept");
        return std::nullopt;
      }
      auc_sum += metrics[t].auc.value_or(0);
      logloss_sum += *metrics[t].logloss;
    }
    if (auc && undefined.empty()) return auc_sum;
    if (auc) {
      note("the validation AUC of task \"" + undefined +
           "\" is undefined, one class is absent: epochs are compared by log loss");
    }
    return -logloss_sum;
  }

  /// Tells the caller once.
  void note(const std::string& text) {
    if (!noted_ && options_.on_note) options_.on_note(text);
    noted_ = true;
  }

  bool report_progress(std::string_view stage) const {
    if (!options_.on_progress) return true;
    JobProgress progress;
    progress.stage = stage;
    progress.done = state_.position;
    progress.total = train_.rows();
    progress.epoch = state_.epoch + 1;
    progress.epochs = config_.train.epochs;
    progress.loss = state_.position == 0 ? 0 : state_.loss_sum / static_cast<double>(state_.position);
    progress.seconds = state_.seconds;
    return options_.on_progress(progress);
  }

  RunArrays arrays() {
    RunArrays arrays{parameters_, {}, best_.span(), interference_.state()};
    for (Buffer<float>& state : trainer_.optimizer().state()) arrays.optimizer.push_back(state.span());
    return arrays;
  }

  void save() {
    last_checkpoint_ = Clock::now();
    if (options_.checkpoint.empty()) return;
    save_checkpoint(options_.checkpoint, options_.config_json, table_, state_, arrays(), options_.encoders);
  }

  FitResult stop() {
    save();
    return result(StopReason::stopped);
  }

  FitResult result(StopReason reason) const {
    return {reason, valid_ != nullptr && state_.has_best ? state_.best_epoch + 1 : state_.epoch, state_.epoch,
            rows_here_, state_.rows_trained};
  }

  const Config& config_;
  const model::ParameterTable& table_;
  std::span<float> parameters_;
  BatchSource& train_;
  BatchSource* valid_;
  const FitOptions& options_;
  std::size_t steps_per_epoch_;
  Trainer trainer_;
  InterferenceSums interference_;
  std::vector<std::size_t> index_;
  Batch batch_;
  Buffer<float> best_, probabilities_, logits_;
  std::optional<model::ScoringNetwork> network_;
  std::optional<model::ScoringWorkspace> workspace_;
  std::optional<Evaluation> evaluation_;
  RunState state_;
  bool early_ = false, noted_ = false;
  std::uint64_t rows_here_ = 0;
  Clock::time_point epoch_start_ = Clock::now(), last_checkpoint_ = Clock::now();
};

}  // namespace

FitResult fit(const Config& config, const model::ParameterTable& table, std::span<float> parameters,
              BatchSource& train, BatchSource* valid, const kernels::Table<float>& ops,
              const FitOptions& options) {
  return Run(config, table, parameters, train, valid, ops, options)();
}

}  // namespace dcrnn::train
