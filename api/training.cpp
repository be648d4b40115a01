#include "api/training.hpp"

#include <chrono>

#include "api/callback.hpp"
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
  const TrainConfig& config = model_.config.train;
  model::initialize(model_.table, config.seed, config.init_scale, model_.parameters.span());
}

train::FitResult Training::run(train::FitOptions options) {
  const Config& config = model_.config;
  options.threads = threads_;
  if (const int there = raise_team(threads_); there < threads_ && host_.on_note) {
    call_host("on_note", host_.on_note,
              "only " + std::to_string(there) + " of " + std::to_string(threads_) + " threads can be started");
  }
  options.config_json = to_json(config);
  options.encoders = model_.encoders.tensors();
  options.survey = &*survey_;
  options.order = data::shuffled;
  options.on_progress = [this](const JobProgress& progress) {
    position_ = "epoch " + std::to_string(progress.epoch) + ", row " + std::to_string(progress.done);
    return !host_.progress || call_host("progress", host_.progress, progress);
  };
  options.on_epoch = host_.on_epoch;
  options.on_note = [this](const std::string& text) {
    if (host_.on_note) call_host("on_note", host_.on_note, printable(text));
  };
  return train::fit(config, model_.table, model_.parameters.span(), train_, valid_,
                    kernels::table<float>(isa_), options);
}

void Training::start_at_base_rates() {
  const auto start = std::chrono::steady_clock::now();
  const auto progress = [&](std::uint64_t done) {
    return tell_progress(host_.progress, "counting", done, train_.rows(), start);
  };
  base_rates_ = train::count_base_rates(model_.config.model, train_, progress);
  train::start_heads(model_.config.model.tasks, base_rates_, model_.table, model_.parameters.span());
}

std::string no_validation_note(const char* what, bool in_vain) {
  return "no validation " + std::string(what) + ": keeping the last epoch" +
         (in_vain ? "; train.early_stopping.patience has no effect" : "");
}

}  // namespace dcrnn::api
