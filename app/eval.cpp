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
#include "app/report.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

constexpr std::size_t kMaxPlaces = 1000000;

struct EvalOptions {
  std::string model, report;
  std::vector<std::string> data;
  std::size_t batch = 1024;
  std::vector<std::size_t> at;
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

/// "ndcg@10"
std::string ndcg_name(std::size_t k) {
  return "ndcg@" + std::to_string(k);
}

void add_ranking(JsonWriter& json, const RankingReport& ranking) {
  json.member("gauc", ranking.gauc).member("gauc_groups", ranking.gauc_groups);
  json.member("gauc_left_out", ranking.gauc_left_out);
  for (std::size_t i = 0; i < ranking.at.size(); ++i) json.member(ndcg_name(ranking.at[i]), ranking.ndcg[i]);
  json.member("ndcg_groups", ranking.ndcg_groups).member("ndcg_left_out", ranking.ndcg_left_out);
}

std::string as_json(const EvalReport& report) {
  const bool truth = has_truth(report);
  JsonWriter json;
  json.begin_object().member("rows", report.rows);
  if (!report.ranking.empty()) json.member("rows_without_group", report.rows_without_group);
  json.key("tasks").begin_object();
  for (std::size_t t = 0; t < report.tasks.size(); ++t) {
    const TaskReport& task = report.tasks[t];
    json.key(task.task).begin_object();
    json.member("auc", task.auc).member("logloss", task.logloss).member("ece", task.ece);
    json.member("positives", task.positives).member("rows", task.rows);
    json.member("mean_prediction", task.mean_prediction).member("mean_label", task.mean_label);
    if (task.chain_child) json.member("auc_given_parent", task.auc_given_parent);
    if (truth) json.member("truth_auc", task.truth_auc).member("gap", gap(task));
    if (task.counterfactual_bias) {
      json.member("counterfactual_bias", task.counterfactual_bias);
      json.member("counterfactual_auc", task.counterfactual_auc);
      json.member("counterfactual_truth_auc", task.counterfactual_truth_auc);
    }
    if (!report.ranking.empty()) add_ranking(json, report.ranking[t]);
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

/// Empty where the truth of no task and its parent is known.
std::string counterfactual_table(const EvalReport& report) {
  std::vector<std::vector<std::string>> rows = {{"task", "bias", "AUC", "AUC of truth", "gap"}};
  for (const TaskReport& task : report.tasks) {
    if (!task.counterfactual_bias || !task.counterfactual_auc || !task.counterfactual_truth_auc) continue;
    rows.push_back({task.task, fixed(task.counterfactual_bias, 5), fixed(task.counterfactual_auc, 5),
                    fixed(task.counterfactual_truth_auc, 5),
                    fixed(*task.counterfactual_truth_auc - *task.counterfactual_auc, 5)});
  }
  return rows.size() == 1 ? ""
                          : "\ngiven its parent, in the rows whose parent did not happen\n" + table(rows);
}

std::string ranking_table(const EvalReport& report) {
  std::vector<std::vector<std::string>> rows = {{"task", "GAUC", "groups", "left out"}};
  for (const std::size_t k : report.ranking[0].at) rows[0].push_back("nDCG@" + std::to_string(k));
  rows[0].insert(rows[0].end(), {"groups", "left out"});
  for (std::size_t t = 0; t < report.tasks.size(); ++t) {
    const RankingReport& ranking = report.ranking[t];
    rows.push_back({report.tasks[t].task, fixed(ranking.gauc, 5), std::to_string(ranking.gauc_groups),
                    std::to_string(ranking.gauc_left_out)});
    for (const std::optional<double>& ndcg : ranking.ndcg) rows.back().push_back(fixed(ndcg, 5));
    rows.back().insert(rows.back().end(),
                       {std::to_string(ranking.ndcg_groups), std::to_string(ranking.ndcg_left_out)});
  }
  return "\nwithin groups; " + with_commas(report.rows_without_group) + " rows without a group\n" +
         table(rows);
}

int evaluate_data(const EvalOptions& options) {
  EvalJob job;
  job.data = options.data;
  job.batch = options.batch;
  job.at = options.at;
  job.compute = compute_options(options.shared);
  if (!options.report.empty()) {
    if (std::find(options.data.begin(), options.data.end(), "-") != options.data.end()) {
      throw Failure(ErrorCode::usage,
                    "--report: standard input cannot be used, a report reads the data again",
                    "save the data to a file first");
    }
    std::vector<std::string> reads = options.data;
    reads.push_back(options.model);
    check_report(options.report, reads);
  }
  const Model model = take(Model::load(options.model));
  Progress progress(bar_if_watched());
  defer_signals(kGraceSeconds);
  job.progress = [&](const JobProgress& state) { return progress.show(state); };
  const Result<EvalReport> report = evaluate_files(model, job);
  progress.clear();
  if (!report && report.error().code == ErrorCode::stopped) {
    print_error({ErrorCode::stopped, "stopped by " + stopped_by(), "run the command again"});
    return stopped_exit_code();
  }
  if (!report) throw Failure(report.error());
  if (!options.report.empty()) write_model_report(options.report, options.model, options.data, job);
  progress.clear();
  for (const std::string& note : report->notes) print_note(note + "\n");
  if (options.json) {
    print_out(as_json(*report));
  } else {
    print_out(as_table(*report) + counterfactual_table(*report) +
              (report->ranking.empty() ? "" : ranking_table(*report)));
  }
  return 0;
}

}  // namespace

void add_eval(CLI::App& program, Command& chosen) {
  CLI::App& command = *program.add_subcommand("eval", "measure a model on labelled data");
  const auto options = std::make_shared<EvalOptions>();
  add_required(command, "MODEL", options->model, "FILE", "model to measure");
  add_data(command, options->data, "labelled data, CSV, also compressed");
  command.add_flag("--json", options->json, "print one JSON object; default: a table");
  add_number(command, "--batch", options->batch, std::size_t{1}, kMaxBatch, "rows scored at a time");
  const auto read_places = [options](const std::vector<std::string>& places) {
    for (const std::string& text : places) {
      options->at.push_back(read_number("--at", text, std::size_t{1}, kMaxPlaces));
    }
  };
  command
      .add_option_function<std::vector<std::string>>("--at", read_places, "places K that count for nDCG@K")
      ->delimiter(',')
      ->type_name("K,...")
      ->default_str("5,10 where the config names a group column");
  add_report(command, options->report);
  add_shared_options(command, options->shared);
  command.callback([&chosen, options] { chosen = [options] { return evaluate_data(*options); }; });
}

}  // namespace dcrnn::app
