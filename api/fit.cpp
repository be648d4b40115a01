#include "train/fit.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include "api/callback.hpp"
#include "api/cell_notes.hpp"
#include "api/compute.hpp"
#include "api/fit_log.hpp"
#include "api/members.hpp"
#include "api/model_file.hpp"
#include "api/progress.hpp"
#include "api/start.hpp"
#include "api/training.hpp"
#include "config/set_value.hpp"
#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/job_files.hpp"
#include "core/run_lock.hpp"
#include "core/text.hpp"
#include "data/dataset.hpp"
#include "data/selected_tasks.hpp"
#include "train/findings.hpp"
#include "train/trainable.hpp"

namespace dcrnn {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One call of fit().
class FitRun {
 public:
  explicit FitRun(const FitJob& job)
      : job_(job),
        isa_(api::resolve(job.compute)),
        start_(job.from.empty() ? std::nullopt : std::optional(api::load_start(job.from))),
        config_name_(takes_config_of_start() ? job.from : job.config_name),
        config_text_(config_text()),
        config_(parse_config(config_text_, config_name_)),
        cache_(job.cache.empty() ? job.model + ".cache" : job.cache),
        log_path_(job.model + ".jsonl"),
        log_(log_path_),
        host_{job.progress, [this](const EpochSummary& summary) { on_epoch(summary); }, job.on_note} {
    if (!job.cache_config.empty() && !start_) share_cache();
    if (start_) api::require_same_config(*start_, config_, job.from);
    train::refuse_labels_as_fields(config_, config_name_);
    train::check_trainable(config_, config_name_);
    check_job();
    declare_files();
    files_.check();
    check_targets();
    lock_.emplace(job_.model);
    check_checkpoint();
    files_.sweep();
    resuming_ = resumes(0);
  }

  FitReport operator()() {
    read();
    start_log();
    try {
      return train();
    } catch (const Failure& failure) {
      if (failure.error().code != ErrorCode::stopped) log_failure(failure.error());
      throw;
    }
  }

 private:
  bool takes_config_of_start() const { return start_ && job_.config_json.empty(); }

  std::string config_text() const {
    std::string text = takes_config_of_start() ? to_json(start_->model->config) : job_.config_json;
    for (const std::string& assignment : job_.set) text = assign_config_value(text, assignment, config_name_);
    return text;
  }

  /// Reads as job_.cache_config does, if that reads the same.
  void share_cache() {
    const Config all = parse_config(job_.cache_config, config_name_);
    Schema own = config_.model;
    std::vector<std::size_t> places;
    for (Task task : own.tasks) {
      std::size_t place = 0;
      const auto reads_same = [&](const Task& other) {
        return task.name == other.name && task.label == other.label && task.soft == other.soft &&
               task.soft_share == other.soft_share;
      };
      while (place < all.model.tasks.size() && !reads_same(all.model.tasks[place])) ++place;
      if (place == all.model.tasks.size()) return;
      places.push_back(place);
    }
    own.tasks = all.model.tasks;
    if (own.has_rates() || !(own == static_cast<const Schema&>(all.model))) return;
    read_as_ = std::move(own);
    places_ = std::move(places);
  }

  void check_job() const {
    if (job_.train.empty()) fail(ErrorCode::usage, "no training file", "give at least one CSV file");
    if (job_.model.empty()) fail(ErrorCode::usage, "no model file to write", "name the model to write");
    for (const auto* files : {&job_.train, &job_.valid}) {
      if (std::find(files->begin(), files->end(), "-") != files->end()) {
        fail(ErrorCode::usage, "training data cannot come from standard input",
             "training reads its files twice: give files");
      }
    }
    if (job_.resume && job_.restart) {
      fail(ErrorCode::usage, "--resume and --restart exclude each other",
           "--resume goes on from the checkpoint, --restart drops it");
    }
  }

  void declare_files() {
    for (const auto* files : {&job_.train, &job_.valid}) {
      for (const std::string& path : *files) files_.reads(path);
    }
    files_.reads(job_.config_name);
    if (start_) {
      for (const std::string& path : start_->files) files_.reads(path);
    }
    files_.writes("the model", job_.model);
    files_.writes("the log", log_path_);
    for (std::size_t i = 0; i < members(); ++i) {
      files_.writes("the checkpoint", checkpoint_of(i));
      if (job_.keep_state) files_.writes("the state", state_of(i));
    }
    files_.writes("the lock", RunLock::file_of(job_.model));
    files_.writes_in("the cache", cache_, data::is_cache_name);
  }

  /// What can be known to fail later fails before hours of training.
  void check_targets() const {
    std::vector<std::string> paths = {job_.model};
    for (std::size_t i = 0; i < members(); ++i) {
      paths.push_back(checkpoint_of(i));
      if (job_.keep_state) paths.push_back(state_of(i));
    }
    for (const std::string& path : paths) {
      const OutputFile target(path, OutputFile::Target::regular_only);
    }
    log_.check_target();
  }

  void check_checkpoint() const {
    if (file_exists(checkpoint_of(0)) && !job_.resume && !job_.restart) {
      fail(ErrorCode::usage,
           printable(checkpoint_of(0)) + ": a training run that did not finish left this checkpoint",
           "go on from it with --resume, or drop it and start afresh with --restart");
    }
  }

  void read() {
    begin_ = Clock::now();
    const data::Progress progress = [this](std::uint64_t done, std::uint64_t total) {
      return api::tell_progress(job_.progress, "reading", done, total, begin_);
    };
    data::TrainingData training =
        start_
            ? data::build_training_data(config_.model, start_->model->encoders, job_.train, cache_, progress)
            : data::build_training_data(schema(), job_.train, cache_, progress, left_out());
    model_ = std::make_unique<Model::Impl>(config_, std::move(training.encoders));
    train_ = selected(std::move(training.dataset));
    fingerprint_ = train_.fingerprint;
    if (start_) fingerprint_ ^= start_->digest * 0xC2B2AE3D27D4EB4F + 1;
    if (!job_.valid.empty()) {
      valid_ = selected(data::build_dataset(schema(), model_->encoders, job_.valid, cache_, progress));
      // Odd, so that no two validation sets give the same product; 1 tells "none" from any.
      fingerprint_ ^= valid_.fingerprint * 0x9E3779B97F4A7C15 + 1;
      for (const std::string& line : api::cell_notes(config_.model, model_->encoders, valid_.counts)) {
        note(line + " (validation data)");
      }
    } else {
      const bool in_vain =
          !takes_config_of_start() && train::asks_for_early_stopping(config_, config_text_, config_name_);
      note(api::no_validation_note("file", in_vain));
    }
    if (train_.from_cache) note("reading from the cache " + cache_);
    training_.emplace(*model_, *train_.rows, valid_.rows.get(), isa_, api::threads_of(job_.compute), host_);
    training_->survey([&](std::uint64_t rows) { return progress(rows, train_.rows->rows()); });
  }

  data::LeftOut left_out() const { return {config_.train.seed, job_.folds, job_.left_out}; }
  const Schema& schema() const { return read_as_ ? *read_as_ : config_.model; }

  data::Dataset selected(data::Dataset dataset) const {
    if (read_as_) dataset.rows = data::select_tasks(std::move(dataset.rows), places_);
    return dataset;
  }

  void start_log() {
    if (job_.resume && !resuming_) note("no checkpoint at " + checkpoint_of(0) + ": starting afresh");
    if (!resuming_) remove_checkpoints();
    if (!resuming_ || !file_exists(log_path_)) log_.start(config_, isa_, api::threads_of(job_.compute));
  }

  FitReport train() {
    training_->draw();
    const std::vector<train::FitResult> results = training_->run([this](std::size_t i) { return begin(i); });
    if (results.back().reason == train::StopReason::stopped) {
      log_.stopped(api::word_of(results.back().reason), results.back());
      fail(ErrorCode::stopped,
           job_.model + ": training stopped in " + training_->position() + "; the checkpoint is saved",
           "go on with --resume");
    }
    api::save_model(*model_, job_.model);
    for (std::size_t i = 0; i < members(); ++i) {
      tell_member(i);
      log_.stopped(api::word_of(results[i].reason), results[i]);
    }
    if (!job_.keep_checkpoint) remove_checkpoints();
    return api::report_of(results, seconds_since(begin_));
  }

  std::size_t members() const { return config_.model.members; }
  std::string checkpoint_of(std::size_t i) const { return api::member_file(job_.model + ".checkpoint", i); }
  std::string state_of(std::size_t i) const { return api::member_file(job_.model + ".state", i); }
  bool resumes(std::size_t i) const { return job_.resume && file_exists(checkpoint_of(i)); }

  /// That of the first member, which says that there is a run to resume, as the last.
  void remove_checkpoints() const {
    for (std::size_t i = members(); i-- > 0;) remove_file(checkpoint_of(i));
  }

  void tell_member(std::size_t i) {
    if (members() > 1) log_.of_member(i);
  }

  /// The run of member i begins.
  train::FitOptions begin(std::size_t i) {
    tell_member(i);
    if (start_) {
      go_on_from_start(i);
    } else if (config_.train.base_rate && !resumes(i)) {
      training_->start_at_base_rates(i);
    }
    return options(i);
  }

  void go_on_from_start(std::size_t i) {
    const api::Start::Member& member = start_->members[i];
    fresh_ = Buffer<float>(model_->table.total(), "fresh parameters");
    std::copy_n(model_->member(i).data(), fresh_.size(), fresh_.data());
    api::overlay(*start_->model, *model_, i);
    fit_start_ = train::FitStart{member.run, fresh_.span(), member.optimizer ? &*member.optimizer : nullptr,
                                 &start_->model->table};
    note(api::of_member(i, members()) + "going on from " + start_->file_of(i) +
         (member.optimizer ? ", " + std::to_string(member.run.epoch) + " epochs done, and its optimizer"
                           : "; the optimizer starts afresh"));
  }

  train::FitOptions options(std::size_t member) {
    train::FitOptions options;
    if (fit_start_) options.start = &*fit_start_;
    if (job_.keep_state) options.state = state_of(member);
    options.checkpoint = checkpoint_of(member);
    options.resume = job_.resume;
    options.fingerprint = fingerprint_;
    options.on_start = [this](double loss) {
      log_.before(loss, config_.model.tasks, training_->base_rates());
    };
    options.on_resume = [this, member](std::size_t epoch, std::size_t rows) {
      if (member + 1 < members() && resumes(member + 1)) return;  // this one was done
      log_.resumed(epoch, rows);
      note(api::of_member(member, members()) + "resumed at epoch " + std::to_string(epoch) + ", row " +
           std::to_string(rows));
    };
    return options;
  }

  void on_epoch(const EpochSummary& summary) {
    log_.epoch(summary);
    if (job_.on_epoch) api::call_host("on_epoch", job_.on_epoch, summary);
  }

  /// The error itself matters more than the log.
  void log_failure(const Error& error) const {
    try {
      log_.failed(error);
    } catch (const Failure&) {
    }
  }

  void note(const std::string& text) const {
    if (job_.on_note) api::call_host("on_note", job_.on_note, printable(text));
  }

  const FitJob& job_;
  Isa isa_;
  std::optional<api::Start> start_;
  std::string config_name_, config_text_;
  Config config_;
  std::optional<Schema> read_as_;    // where it is not config_.model
  std::vector<std::size_t> places_;  // of the tasks among those read
  std::string cache_, log_path_;
  api::FitLog log_;
  JobFiles files_;
  std::optional<RunLock> lock_;
  Clock::time_point begin_;
  std::unique_ptr<Model::Impl> model_;
  Buffer<float> fresh_;
  std::optional<train::FitStart> fit_start_;
  data::Dataset train_, valid_;
  std::uint64_t fingerprint_ = 0;
  bool resuming_ = false;
  api::Training::Host host_;
  std::optional<api::Training> training_;
};

}  // namespace

Result<FitReport> fit(const FitJob& job) noexcept {
  return guard([&] { return FitRun(job)(); });
}

}  // namespace dcrnn
