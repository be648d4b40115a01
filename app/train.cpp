// dcrnn train: a model from a config and data files.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/failure.hpp"
#include "app/options.hpp"
#include "app/progress.hpp"
#include "app/report.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "app/text_file.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

struct TrainOptions {
  std::string config, out, cache, from;
  std::vector<std::string> train, valid, set;
  std::string out_of_fold, report;
  std::size_t folds = 0;
  std::uint64_t seed = 0;
  bool seed_given = false, resume = false, restart = false, quiet = false, keep_state = false;
  SharedOptions shared;
};

void refuse_standard_input(const std::vector<std::string>& files, const std::string& option) {
  if (std::find(files.begin(), files.end(), "-") == files.end()) return;
  throw Failure(ErrorCode::usage, option + ": standard input cannot be used, training reads its files twice",
                "save the data to a file first");
}

/// The two tasks whose gradients agree least; empty without two tasks that were looked at.
std::string interference_text(const EpochSummary& epoch) {
  if (!epoch.interference || epoch.interference->tasks.size() < 2) return {};
  const InterferenceReport& report = *epoch.interference;
  const std::size_t T = report.tasks.size();
  std::size_t first = 0, second = 1;
  for (std::size_t t = 0; t < T; ++t) {
    for (std::size_t u = t + 1; u < T; ++u) {
      if (report.cosine[t * T + u] < report.cosine[first * T + second]) {
        first = t;
        second = u;
      }
    }
  }
  const std::size_t at = first * T + second;
  return report.tasks[first] + " against " + report.tasks[second] + ": cosine " +
         fixed(report.cosine[at], 3) + ", negative in " + fixed(100 * report.negative[at], 0) + " % of " +
         with_commas(report.steps) + " steps";
}

std::string epoch_text(const EpochSummary& epoch) {
  std::string text = member_text(epoch.member, epoch.members) + "epoch " + std::to_string(epoch.epoch) + "/" +
                     std::to_string(epoch.epochs) + "  loss " + fixed(epoch.loss, 6) + "  " +
                     with_commas(static_cast<std::uint64_t>(epoch.rows_per_second)) + " rows/s  " +
                     duration(epoch.seconds);
  if (epoch.best) text += "  " + styled("best so far", "1;32");
  if (epoch.valid.empty()) return text;
  std::vector<std::vector<std::string>> rows = {{"  task", "AUC", "log loss", "ECE"}};
  for (const TaskReport& task : epoch.valid) {
    rows.push_back({"  " + task.task, fixed(task.auc, 5), fixed(task.logloss, 5), fixed(task.ece, 5)});
  }
  text += "\n" + table(rows);
  text.pop_back();  // line() ends it
  return text;
}

std::string kept_text(const FitReport& report) {
  if (report.best_epochs.size() == 1) {
    return "kept epoch " + std::to_string(report.best_epoch) + " of " + std::to_string(report.epochs);
  }
  std::vector<std::string> epochs;
  for (const std::size_t epoch : report.best_epochs) epochs.push_back(std::to_string(epoch));
  return "kept epochs " + joined(epochs) + " of " + std::to_string(epochs.size()) + " members";
}

int report_stop(const std::string& stage) {
  const bool saved = stage == "training" || stage == "validating";
  print_error({ErrorCode::stopped,
               "stopped by " + stopped_by() + (saved ? ", a checkpoint is saved" : " before training began"),
               saved ? "the same command with --resume goes on from there" : "run the command again"});
  return stopped_exit_code();
}

int train(const TrainOptions& options) {
  FitJob job;
  job.compute = compute_options(options.shared);
  refuse_standard_input(options.train, "--train");
  refuse_standard_input(options.valid, "--valid");
  if (options.config.empty() && options.from.empty()) {
    throw Failure(ErrorCode::usage, "CONFIG is required", "name the config, or a model to go on --from");
  }
  if (!options.config.empty()) job.config_name = options.config;
  if (!options.config.empty()) job.config_json = read_config_text(options.config);
  job.set = options.set;
  if (options.seed_given) job.set.push_back("train.seed=" + std::to_string(options.seed));
  job.train = options.train;
  job.valid = options.valid;
  job.model = options.out;
  job.cache = options.cache;
  job.from = options.from;
  job.keep_state = options.keep_state;
  job.resume = options.resume;
  job.restart = options.restart;

  if (!options.report.empty()) {
    if (options.valid.empty()) {
      throw Failure(ErrorCode::usage, "--report: needs --valid, what it tells is measured on",
                    "name validation data");
    }
    std::vector<std::string> others = options.train;
    others.insert(others.end(), options.valid.begin(), options.valid.end());
    others.insert(others.end(), {options.config, options.from, options.out, options.out + ".jsonl"});
    std::erase(others, "");
    check_report(options.report, others);
  }

  const Progress::Mode watched = is_terminal(STDERR_FILENO) ? Progress::Mode::bar : Progress::Mode::lines;
  Progress progress(options.quiet ? Progress::Mode::off : watched);
  job.progress = [&](const JobProgress& state) { return progress.show(state); };
  std::string interference;
  job.on_epoch = [&](const EpochSummary& epoch) {
    progress.line(epoch_text(epoch));
    interference = interference_text(epoch);
  };
  job.on_note = [&](const std::string& note) { progress.line(one_line(note)); };
  job.folds = options.folds;
  defer_signals(0);
  const Result<FitReport> result = options.folds > 0 ? fit_out_of_folds(job, options.out_of_fold) : fit(job);
  progress.clear();
  if (!result && result.error().code == ErrorCode::stopped) return report_stop(progress.stage());
  if (!result) throw Failure(result.error());
  progress.line(kept_text(*result) + (result->reason == "early_stopping" ? ", stopped early" : "") +
                "; model " + one_line(options.out) + "; " + with_commas(result->rows_trained) +
                " rows trained in " + duration(result->seconds) +
                (interference.empty() ? "" : "; " + interference));
  if (!options.report.empty()) {
    EvalJob look;
    look.compute = job.compute;
    look.progress = job.progress;
    write_model_report(options.report, options.out, options.valid, look);
  }
  return 0;
}

}  // namespace

void add_train(CLI::App& program, Command& chosen) {
  CLI::App& command = *program.add_subcommand("train", "train a model");
  const auto options = std::make_shared<TrainOptions>();
  command
      .add_option(
          "CONFIG", options->config,
          "JSON config of fields, tasks, model and training; default: required, with --from that of the "
          "model")
      ->type_name("FILE");
  command.add_option("--train", options->train, "training data, CSV or CSV.gz with a header")
      ->required()
      ->type_name("FILE");
  command.add_option("--valid", options->valid, "validation data; default: none, the last epoch is kept")
      ->type_name("FILE");
  add_required(command, "--out", options->out, "MODEL",
               "model to write; log and checkpoint lie beside it, as MODEL.jsonl and MODEL.checkpoint");
  command
      .add_option("--from", options->from,
                  "model, or MODEL.state, to go on from with more epochs or new data; default: start afresh")
      ->type_name("MODEL");
  command.add_flag("--keep-state", options->keep_state,
                   "leave MODEL.state, for --from with the optimizer's state; default: no");
  command.add_flag("--resume", options->resume,
                   "go on from the checkpoint, if there is one; default: refuse if there is one");
  command.add_flag("--restart", options->restart,
                   "start afresh and drop the checkpoint of a run that did not finish; default: refuse");
  add_number(command, "--folds", options->folds, std::size_t{2}, std::size_t{1000},
             "also train so many models, each without a fold of the rows, for --out-of-fold");
  CLI::Option* folds = command.get_option("--folds")->default_str("none");
  CLI::Option* out_of_fold = command.add_option(
      "--out-of-fold", options->out_of_fold,
      "predictions for every training row by the model that has not seen it; default: none");
  out_of_fold->type_name("FILE")->needs(folds);
  folds->needs(out_of_fold);
  add_assignments(command, options->set);
  add_number(command, "--seed", options->seed, std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max(),
             "seed of everything random");
  CLI::Option* seed = command.get_option("--seed")->default_str("train.seed of the config");
  command.add_option("--cache", options->cache, "directory of the binary cache of the data")
      ->type_name("DIR")
      ->default_str("MODEL.cache");
  add_report(command, options->report);
  command.add_flag("--quiet", options->quiet, "say nothing unless it fails; default: show progress");
  add_shared_options(command, options->shared);
  command.callback([&chosen, options, seed] {
    options->seed_given = seed->count() > 0;
    chosen = [options] { return train(*options); };
  });
}

}  // namespace dcrnn::app
