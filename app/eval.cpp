// dcrnn eval: how good a model is on labelled data.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/failure.hpp"
#include "app/json.hpp"
#include "app/options.hpp"
#include "app/progress.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

constexpr unsigned kGraceSeconds = 3;

struct EvalOptions {
  std::string model, data;
  std::size_t batch = 1024;
  bool json = false;
  SharedOptions shared;
};

bool has_truth(const EvalReport& report) {
  return std::any_of(report.tasks.begin(), report.tasks.end(),
                     [](const TaskReport& task) { return task.truth_auc.has_value(); });
}

/// By how much the truth ranks better than the model.
std::optional<double> gap(const TaskReport& task) {
  if (!task.truth_auc || !task.auc) return std::nullopt;
  return *task.truth_auc - *task.auc;
}

std::string as_json(const EvalReport& report) {
  const bool truth = has_truth(report);
  JsonWriter json;
  json.begin_object().member("rows", report.rows).key("tasks").begin_object();
  for (const TaskReport& task : report.tasks) {
    json.key(task.task).begin_object();
    json.member("auc", task.auc).member("logloss", task.logloss).member("ece", task.ece);
    json.member("positives", task.positives).member("rows", task.rows);
    json.member("mean_prediction", task.mean_prediction).member("mean_label", task.mean_label);
    if (task.chain_child) json.member("auc_given_parent", task.auc_given_parent);
    if (truth) json.member("truth_auc", task.truth_auc).member("gap", gap(task));
    json.end_object();
  }
  json.end_object();
  if (!report.notes.empty()) {
    json.key("notes").begin_list();
    for (const std::string& note : report.notes) json.value(note);
    json.end_list();
  }
  return json.end_object().text() + "\n";
}

std::string as_table(const EvalReport& report) {
  const bool truth = has_truth(report);
  std::vector<std::vector<std::string>> rows = {
      {"task", "rows", "positives", "AUC", "log loss", "ECE", "mean p", "mean y", "AUC given parent"}};
  if (truth) rows[0].insert(rows[0].end(), {"AUC of truth", "gap"});
  for (const TaskReport& task : report.tasks) {
    rows.push_back({task.task, std::to_string(task.rows), std::to_string(task.positives), fixed(task.auc, 5),
                    fixed(task.logloss, 5), fixed(task.ece, 5), fixed(task.mean_prediction, 5),
                    fixed(task.mean_label, 5), fixed(task.auc_given_parent, 5)});
    if (truth) rows.back().insert(rows.back().end(), {fixed(task.truth_auc, 5), fixed(gap(task), 5)});
  }
  return with_commas(report.rows) + " rows\n" + table(rows);
}

int evaluate_file(const EvalOptions& options) {
  const ComputeOptions compute = compute_options(options.shared);
  const Model model = take(Model::load(options.model));
  Progress progress(bar_if_watched());
  defer_signals(kGraceSeconds);
  const Result<EvalReport> report = evaluate(model, options.data, options.batch, compute,
                                             [&](const JobProgress& state) { return progress.show(state); });
  progress.clear();
  if (!report && report.error().code == ErrorCode::stopped) {
    print_error({ErrorCode::stopped, "stopped by " + stopped_by(), "run the command again"});
    return stopped_exit_code();
  }
  if (!report) throw Failure(report.error());
  for (const std::string& note : report->notes) print_note(note + "\n");
  print_out(options.json ? as_json(*report) : as_table(*report));
  return 0;
}

}  // namespace

void add_eval(CLI::App& program, Command& chosen) {
  CLI::App& command = *program.add_subcommand("eval", "measure a model on labelled data");
  const auto options = std::make_shared<EvalOptions>();
  add_required(command, "MODEL", options->model, "FILE", "model to measure");
  add_required(command, "--data", options->data, "FILE|-", "labelled data, CSV or CSV.gz; -: standard input");
  command.add_flag("--json", options->json, "print one JSON object; default: a table");
  add_number(command, "--batch", options->batch, std::size_t{1}, kMaxBatch, "rows scored at a time");
  add_shared_options(command, options->shared);
  command.callback([&chosen, options] { chosen = [options] { return evaluate_file(*options); }; });
}

}  // namespace dcrnn::app
