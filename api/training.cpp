#include "api/training.hpp"

#include <chrono>

#include "api/callback.hpp"
#include "api/members.hpp"
#include "api/progress.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"
#include "core/threads.hpp"
#include "data/shuffle.hpp"
#include "train/base_rates.hpp"
#include "train/findings.hpp"

namespace dcrnn::api {

Training::Training(Model::Impl& model, BatchSource& train, BatchSource* valid, Isa isa, int threads,
                   const Host& host)
    : model_(model), train_(train), valid_(valid), isa_(isa), threads_(threads), host_(host) {}

void Training::survey(const std::function<bool(std::uint64_t rows)>& go_on) {
  survey_.emplace(model_.config.model, model_.encoders.table_rows());
  if (!survey_->add_all(train_, [&] { return go_on(survey_->rows()); })) {
    fail(ErrorCode::stopped, "stopped while reading the data", "");
  }
  for (const train::Finding& finding : train::findings(model_.config.model, *survey_)) {
    if (host_.on_note) call_host("on_note", host_.on_note, printable(finding.line()));
  }
}

void Training::draw() {
  for (std::size_t i = 0; i < model_.members(); ++i) {
    const TrainConfig train = for_member(model_.config, i).train;
    model::initialize(model_.table, train.seed, train.init_scale, model_.member(i));
  }
}

std::vector<train::FitResult> Training::run(const std::function<train::FitOptions(std::size_t i)>& begin) {
  std::vector<train::FitResult> results;
  for (std::size_t i = 0; i < model_.members(); ++i) {
    results.push_back(as_member(i, model_.members(), [&] { return run_member(i, begin(i)); }));
    if (results.back().reason == train::StopReason::stopped) break;
  }
  return results;
}

train::FitResult Training::run_member(std::size_t i, train::FitOptions options) {
  const Config config = for_member(model_.config, i);
  const std::size_t members = model_.members();
  options.threads = threads_;
  if (const int there = raise_team(threads_); there < threads_ && host_.on_note) {
    call_host(
        "on_note", host_.on_note,
        "only " + std::to_string(there) + " of " + std::to_string(threads_) + " threads can be started");
  }
  options.config_json = to_json(config);
  options.encoders = model_.encoders.tensors();
  options.survey = &*survey_;
  options.order = data::shuffled;
  options.on_progress = [=, this](JobProgress progress) {
    progress.member = i;
    progress.members = members;
    position_ = of_member(i, members) + "epoch " + std::to_string(progress.epoch) + ", row " +
                std::to_string(progress.done);
    return !host_.progress || call_host("progress", host_.progress, progress);
  };
  options.on_epoch = [=, this](EpochSummary summary) {
    summary.member = i;
    summary.members = members;
    if (host_.on_epoch) host_.on_epoch(summary);
  };
  options.on_note = [=, this](const std::string& text) {
    if (host_.on_note) call_host("on_note", host_.on_note, printable(of_member(i, members) + text));
  };
  return train::fit(config, model_.table, model_.member(i), train_, valid_, kernels::table<float>(isa_),
                    options);
}

void Training::start_at_base_rates(std::size_t i) {
  const auto start = std::chrono::steady_clock::now();
  const auto progress = [&](std::uint64_t done) {
    return tell_progress(host_.progress, "counting", done, train_.rows(), start);
  };
  if (base_rates_.empty()) base_rates_ = train::count_base_rates(model_.config.model, train_, progress);
  train::start_heads(model_.config.model.tasks, base_rates_, model_.table, model_.member(i));
}

FitReport report_of(const std::vector<train::FitResult>& members, double seconds) {
  FitReport report;
  train::StopReason reason = train::StopReason::finished;
  for (const train::FitResult& member : members) {
    if (member.reason != train::StopReason::finished) reason = member.reason;
    report.rows_trained += member.rows_trained;
    report.best_epochs.push_back(member.best_epoch);
  }
  report.reason = word_of(reason);
  report.best_epoch = members[0].best_epoch;
  report.epochs = members[0].epochs_done;
  report.seconds = seconds;
  return report;
}

const char* word_of(train::StopReason reason) {
  if (reason == train::StopReason::stopped) return "stopped";
  return reason == train::StopReason::finished ? "finished" : "early_stopping";
}

std::string no_validation_note(const char* what, bool in_vain) {
  return "no validation " + std::string(what) + ": keeping the last epoch" +
         (in_vain ? "; train.early_stopping.patience has no effect" : "");
}

}  // namespace dcrnn::api
