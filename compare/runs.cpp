#include "compare/runs.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <mutex>
#include <set>
#include <utility>

#include "compare/difference.hpp"
#include "compare/training_log.hpp"
#include "compare/work.hpp"
#include "core/guard.hpp"
#include "core/threads.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::compare {
namespace {

namespace fs = std::filesystem;

std::string seed_setting(const Run& run) {
  return "train.seed=" + std::to_string(run.seed);
}

std::string checkpoint_of(const Run& run) {
  return run.model + ".checkpoint";
}

/// Beside a checkpoint a model's log may not have ended.
bool is_trained(const Run& run) {
  if (!fs::exists(run.model) || fs::exists(checkpoint_of(run))) return false;
  const std::string config = value_of(set_config_value(run.config, seed_setting(run), run.name));
  const std::string here = value_of(inspect_config(config, run.name)).config_json;
  const std::string there = value_of(inspect(value_of(Model::load(run.model)))).config_json;
  if (there == here) return true;
  fail(ErrorCode::model,
       printable(run.model) + ": made with another config: " + printable(first_difference(there, here)),
       "give another directory or another name of the config, or remove the model to train it anew");
}

}  // namespace

/// Tells the host of all runs together; for several threads.
class RunTrainer::Progress {
 public:
  explicit Progress(const Job& job) : job_(job) {}

  void expect(const std::vector<Run>& runs) {
    std::vector<RunWork> work;
    for (const Run& run : runs) work.push_back({run.model, run.work});
    work_.expect(work);
  }
  /// False once the runs are to stop.
  bool show(const Run& run, const JobProgress& now) {
    const std::lock_guard lock(mutex_);
    if (now.epochs > 0) work_.at(run.model, now.member, now.members, member_fraction(now));
    if (!stopped_ && job_.on_training && !job_.on_training(state())) stopped_ = true;
    return !stopped_;
  }
  void finished(const Run& run) {
    const std::lock_guard lock(mutex_);
    work_.finish(run.model);
    if (job_.on_model) job_.on_model(run.model, state());
  }
  /// Each text once.
  void note(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (told_.insert(text).second && job_.on_note) job_.on_note(text);
  }
  /// Nothing runs on; the first failure is the one that is told.
  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    stopped_ = true;
  }
  bool stopped() const { return stopped_; }
  void tell_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  Trained state() const { return {work_.finished(), work_.runs(), work_.done(), work_.all()}; }

  std::mutex mutex_;
  const Job& job_;
  Work work_;
  std::set<std::string> told_;
  std::exception_ptr failure_;
  std::atomic<bool> stopped_ = false;
};

RunTrainer::RunTrainer(const Job& job)
    : job_(job),
      threads_(job.compute.threads > 0 ? job.compute.threads : available_threads()),
      progress_(std::make_unique<Progress>(job)) {}

RunTrainer::~RunTrainer() = default;

void RunTrainer::expect(std::vector<Run> runs) {
  std::erase_if(runs, is_trained);
  progress_->expect(runs);
}

void RunTrainer::operator()(std::vector<Run> runs) {
  std::erase_if(runs, is_trained);
  if (runs.empty()) return;
  const int workers = static_cast<int>(std::min(static_cast<std::size_t>(threads_), runs.size()));
  const std::size_t alone = has_cache_ ? 0 : 1;
  if (!has_cache_) train(runs[0], threads_ / workers);
  has_cache_ = true;
  parallel_for(workers, runs.size() - alone, [&](std::size_t i, int) {
    if (progress_->stopped()) return;
    try {
      train(runs[alone + i], threads_ / workers);
    } catch (...) {
      progress_->fail(std::current_exception());
    }
  });
  progress_->tell_failure();
}

void RunTrainer::train(const Run& run, int threads) {
  FitJob job;
  job.model = run.model;
  job.config_json = run.config;
  job.config_name = run.name;
  job.set = {seed_setting(run)};
  job.train = job_.train;
  job.valid = job_.valid;
  job.cache = job_.out + "/cache";
  job.cache_config = job_.config;
  job.resume = fs::exists(checkpoint_of(run));
  job.compute = {threads, job_.compute.isa};
  job.progress = [&](const JobProgress& now) { return progress_->show(run, now); };
  job.on_note = [&](const std::string& note) { progress_->note(note); };
  value_of(fit(job));
  progress_->finished(run);
}

}  // namespace dcrnn::compare
