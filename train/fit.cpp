#include "train/fit.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "core/buffer.hpp"
#include "core/failure.hpp"
#include "core/file.hpp"
#include "core/size.hpp"
#include "model/scorer.hpp"
#include "train/checkpoint.hpp"
#include "train/interference.hpp"
#include "train/trainer.hpp"
#include "train/untouched_rows.hpp"
#include "train/verdict.hpp"

namespace dcrnn::train {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A batch larger than the data needs no more memory than the data.
Config with_batch(Config config, std::size_t batch) {
  config.train.batch = batch;
  return config;
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
        ops_(ops),
        options_(options),
        start_(options.start == nullptr ? RunStart{} : options.start->run),
        end_(start_.epoch + config.train.epochs),
        steps_per_epoch_((train.rows() + config.train.batch - 1) / config.train.batch),
        trainer_(with_batch(config, std::min(config.train.batch, train.rows())), table, parameters,
                 start_.optimizer_steps + steps_per_epoch_ * config.train.epochs, ops, options.threads,
                 options.survey),
        interference_(config.train.interference > 0 ? config.model.tasks.size() : 0),
        index_(std::min(config.train.batch, std::max(train.rows(), valid == nullptr ? 0 : valid->rows()))) {
    if (options.start != nullptr) go_on_from(*options.start);
    if (options.survey != nullptr) {
      const std::span<const float> now = parameters;
      const bool fresh = options.start == nullptr;
      untouched_.emplace(config.model, table, *options.survey, fresh ? now : options.start->fresh,
                         fresh ? std::span<const float>() : now);
    }
    if (valid_ == nullptr) return;
    best_ = Buffer<float>(table.total(), "parameters of the best epoch");
    network_.emplace(config.model, table, ops);
    workspace_.emplace(*network_, options.threads);
    evaluation_.emplace(config.model);
    const std::size_t values = checked_mul(index_.size(), config.model.tasks.size(), "predictions");
    probabilities_ = Buffer<float>(values, "predictions");
    logits_ = Buffer<float>(values, "predictions");
  }

  FitResult operator()() {
    state_.fingerprint = options_.fingerprint;
    if (options_.resume && file_exists(options_.checkpoint)) resume();
    if (state_.rows_trained == start_.rows_trained && options_.on_start)
      options_.on_start(loss_before_training());
    while (!state_.finished && state_.epoch < end_) {
      if (!train_epoch()) return stop();
      if (!finish_epoch()) return stop();
    }
    if (!options_.state.empty()) save_to(options_.state);
    settle();
    judge();
    return result(early_ ? StopReason::early_stopping : StopReason::finished);
  }

 private:
  /// Takes over position and optimizer state. What the optimizers remember of new rows is nothing.
  void go_on_from(const FitStart& start) {
    state_.epoch = start_.epoch;
    state_.rows_trained = start_.rows_trained;
    state_.optimizer_steps = start_.optimizer_steps;
    trainer_.resume_at(start_.optimizer_steps, start_.rows_trained);
    if (start.optimizer == nullptr) return;
    optim::State& state = trainer_.state();
    for (const model::Parameter& before : start.table->all()) {
      const std::size_t now = table_.find(before.name)->offset;
      for (std::size_t i = 0; i < state.arrays().size(); ++i) {
        if (before.size == 0 || !state.covers(i, now)) continue;
        std::copy_n(start.optimizer->at(i, before.offset), before.size, state.at(i, now));
      }
    }
  }

  void resume() {
    const RunExtent extent{start_, end_, train_.rows(), config_.train.batch};
    state_ = load_checkpoint(options_.checkpoint, options_.config_json, table_, options_.fingerprint, extent,
                             arrays());
    trainer_.resume_at(state_.optimizer_steps, state_.rows_trained);
    early_ = state_.finished && state_.epoch < end_;
    if (options_.on_resume) options_.on_resume(state_.epoch + 1, state_.position);
  }

  /// Sum over the tasks of weight * loss, of the first rows in the order of the first epoch.
  double loss_before_training() {
    const std::size_t rows = std::min(train_.rows(), kStartRows);
    const std::vector<Task>& tasks = config_.model.tasks;
    std::vector<double> sums(tasks.size()), weights(tasks.size());
    for (std::size_t first = 0; first < rows; first += index_.size()) {
      const std::size_t count = std::min(index_.size(), rows - first);
      read_in_order(0, first, count);
      const std::vector<double>& losses = trainer_.losses(batch_);
      for (std::size_t t = 0; t < tasks.size(); ++t) {
        double weight = 0;
        for (std::size_t b = 0; b < count; ++b) {
          if (batch_.labels[t][b] == kMissingLabel) continue;
          const double own = batch_.labels[t][b] == 1 ? tasks[t].positive_weight : 1.0;
          weight += batch_.weights.empty() ? own : own * batch_.weights[b];
        }
        sums[t] += losses[t] * weight;
        weights[t] += weight;
      }
    }
    double total = 0;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      if (weights[t] > 0) total += tasks[t].weight * sums[t] / weights[t];
    }
    return total;
  }

  /// Rows [first, first + count) in the order of `epoch`.
  void read_in_order(std::uint64_t epoch, std::size_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      index_[i] = options_.order(config_.train.seed, epoch, train_.rows(), first + i);
    train_.read(index_.data(), count, batch_);
  }

  /// From state_.position to the end of the epoch; false if the caller wants to stop.
  bool train_epoch() {
    const std::size_t n = train_.rows();
    epoch_start_ = Clock::now();
    const double before = state_.seconds;
    while (state_.position < n) {
      const std::size_t count = std::min<std::size_t>(config_.train.batch, n - state_.position);
      read_in_order(state_.epoch, state_.position, count);
      const StepReport step = trainer_.step(batch_);
      if (step.compared) interference_.add(trainer_.engine().interference());
      state_.position += count;
      state_.loss_sum += step.loss * static_cast<double>(count);
      state_.rows_trained = trainer_.rows_trained();
      state_.optimizer_steps = trainer_.state().steps;
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
      if (untouched_) untouched_->fill(parameters_, options_.threads);
      if (!validate(report.valid)) {
        if (untouched_) untouched_->restore(parameters_);
        return false;
      }
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
      if (untouched_) untouched_->restore(parameters_);
    }
    report.epoch = state_.epoch + 1;
    report.epochs = end_;
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
    early_ = valid_ != nullptr && patience > 0 && state_.epochs_since_best >= patience && state_.epoch < end_;
    state_.finished = early_ || state_.epoch == end_;
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

  /// What was kept, against predicting the base rate.
  void judge() const {
    const auto row = [this](std::size_t i) {
      return options_.order(config_.train.seed, 0, train_.rows(), i);
    };
    for (const std::string& line :
         verdict(config_, table_, parameters_.data(), train_, row, ops_, options_.threads)) {
      if (options_.on_note) options_.on_note("warning: " + line);
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
    progress.epochs = end_;
    progress.loss = state_.position == 0 ? 0 : state_.loss_sum / static_cast<double>(state_.position);
    progress.seconds = state_.seconds;
    return options_.on_progress(progress);
  }

  RunArrays arrays() {
    RunArrays arrays{parameters_, {}, best_.span(), trainer_.state().squares(), interference_.state()};
    for (Buffer<float>& state : trainer_.state().arrays()) arrays.optimizer.push_back(state.span());
    return arrays;
  }

  void save() {
    last_checkpoint_ = Clock::now();
    if (options_.checkpoint.empty()) return;
    trainer_.check_parameters();  // there is no going on from those
    save_to(options_.checkpoint);
  }

  void save_to(const std::string& path) {
    save_checkpoint(path, options_.config_json, table_, state_, arrays(), options_.encoders);
  }

  /// The parameters that are kept: the best epoch's, or those of now.
  void settle() {
    if (valid_ != nullptr && state_.has_best) {
      std::copy_n(best_.data(), best_.size(), parameters_.data());
    } else if (untouched_) {
      untouched_->fill(parameters_, options_.threads);
    }
  }

  FitResult stop() {
    save();
    settle();
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
  const kernels::Table<float>& ops_;
  const FitOptions& options_;
  RunStart start_;
  std::size_t end_;  // epochs, those before the start included
  std::size_t steps_per_epoch_;
  Trainer trainer_;
  InterferenceSums interference_;
  std::vector<std::size_t> index_;
  Batch batch_;
  Buffer<float> best_, probabilities_, logits_;
  std::optional<model::ScoringNetwork> network_;
  std::optional<model::ScoringWorkspace> workspace_;
  std::optional<Evaluation> evaluation_;
  std::optional<UntouchedRows> untouched_;
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
