// dcrnn check: one page about config and data, before hours of training.
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
#include "app/text_file.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

constexpr int kFound = 1;  // exit code
// What a page has room for.
constexpr std::size_t kMostFields = 50, kMostLines = 20;

struct CheckOptions {
  std::string config, scratch;
  std::vector<std::string> train, valid, set;
  bool json = false;
  SharedOptions shared;
};

void add_lines(JsonWriter& json, const char* name, const std::vector<std::string>& lines) {
  json.key(name).begin_list();
  for (const std::string& line : lines) json.value(line);
  json.end_list();
}

void add_field(JsonWriter& json, const FieldCheck& field, const std::vector<TaskCheck>& tasks) {
  json.key(field.field).begin_object();
  json.member("cells", field.cells).member("missing", field.missing);
  json.member("distinct", field.distinct).member("more_distinct", field.more_distinct);
  json.member("rare", field.rare);
  json.member("valid_missing", field.valid_missing).member("valid_unknown", field.valid_unknown);
  json.key("auc_alone").begin_object();
  for (std::size_t t = 0; t < tasks.size(); ++t) json.member(tasks[t].task, field.lone_auc[t]);
  json.end_object().end_object();
}

void add_task(JsonWriter& json, const TaskCheck& task) {
  json.key(task.task).begin_object();
  json.member("labelled", task.labelled).member("positives", task.positives).member("rate", task.rate);
  json.member("valid_labelled", task.valid_labelled).member("valid_positives", task.valid_positives);
  json.member("valid_rate", task.valid_rate).end_object();
}

std::string as_json(const CheckReport& report) {
  JsonWriter json;
  json.begin_object().member("rows", report.rows).member("valid_rows", report.valid_rows);
  json.key("tasks").begin_object();
  for (const TaskCheck& task : report.tasks) add_task(json, task);
  json.end_object().key("fields").begin_object();
  for (const FieldCheck& field : report.fields) add_field(json, field, report.tasks);
  json.end_object();
  add_lines(json, "warnings", report.warnings);
  add_lines(json, "notes", report.notes);
  json.member("parameter_count", report.parameter_count).member("memory_bytes", report.memory_bytes);
  json.member("epochs", report.epochs).member("seconds_per_epoch", report.seconds_per_epoch);
  json.member("reading_seconds", report.reading_seconds).member("seconds", report.seconds);
  return json.end_object().text() + "\n";
}

std::string percent(const std::optional<double>& share) {
  return share ? fixed(100 * *share, *share > 0 && *share < 0.001 ? 4 : 2) + "%" : "-";
}

/// "0.731 click": the task that the field alone predicts best.
std::string best_auc(const FieldCheck& field, const std::vector<TaskCheck>& tasks) {
  const auto best = std::max_element(field.lone_auc.begin(), field.lone_auc.end());
  if (best == field.lone_auc.end() || !*best) return "-";
  return fixed(*best, 3) + " " + tasks[static_cast<std::size_t>(best - field.lone_auc.begin())].task;
}

std::string tasks_table(const CheckReport& report) {
  const bool valid = report.valid_rows > 0;
  std::vector<std::vector<std::string>> rows = {{"task", "labelled", "ones", "rate"}};
  if (valid) rows[0].insert(rows[0].end(), {"valid: labelled", "ones", "rate"});
  for (const TaskCheck& task : report.tasks) {
    rows.push_back({task.task, with_commas(task.labelled), with_commas(task.positives), percent(task.rate)});
    if (!valid) continue;
    rows.back().insert(rows.back().end(), {with_commas(task.valid_labelled),
                                           with_commas(task.valid_positives), percent(task.valid_rate)});
  }
  return table(rows);
}

std::string fields_table(const CheckReport& report) {
  const bool valid = report.valid_rows > 0;
  std::vector<std::vector<std::string>> rows = {
      {"field", "cells", "missing", "distinct", "under min_count", "AUC alone"}};
  if (valid) rows[0].insert(rows[0].end(), {"valid: missing", "unknown"});
  for (const FieldCheck& field : report.fields) {
    if (rows.size() > kMostFields) break;
    rows.push_back({field.field, with_commas(field.cells), percent(field.missing),
                    (field.more_distinct ? "> " : "") + with_commas(field.distinct), percent(field.rare),
                    best_auc(field, report.tasks)});
    if (!valid) continue;
    rows.back().insert(rows.back().end(), {percent(field.valid_missing), percent(field.valid_unknown)});
  }
  std::string text = table(rows);
  if (report.fields.size() > kMostFields) {
    text += "and " + with_commas(report.fields.size() - kMostFields) + " more fields: --json tells all\n";
  }
  return text;
}

std::string findings_text(const CheckReport& report) {
  std::vector<std::string> lines = report.warnings;
  lines.insert(lines.end(), report.notes.begin(), report.notes.end());
  if (lines.empty()) return {};
  std::string text = "\n";
  for (std::size_t i = 0; i < lines.size() && i < kMostLines; ++i) text += lines[i] + "\n";
  if (lines.size() > kMostLines) {
    text += "and " + with_commas(lines.size() - kMostLines) + " more: --json tells all\n";
  }
  return text;
}

std::string bytes_text(std::uint64_t bytes) {
  const double mib = static_cast<double>(bytes) / (1 << 20);
  return mib < 1000 ? fixed(mib, 0) + " MiB" : fixed(mib / 1024, 1) + " GiB";
}

std::string expectation(const CheckReport& report) {
  std::string text = with_commas(report.parameter_count) + " parameters; training takes about " +
                     bytes_text(report.memory_bytes) + " of memory";
  if (report.seconds_per_epoch) {
    text += " and " + duration(*report.seconds_per_epoch) + " an epoch, " +
            duration(*report.seconds_per_epoch * static_cast<double>(report.epochs)) + " for " +
            with_commas(report.epochs);
  }
  return text + "\nchecked in " + duration(report.seconds) + ", of which " +
         duration(report.reading_seconds) + " went into reading the data\n";
}

std::string as_page(const CheckReport& report) {
  std::string rows = with_commas(report.rows) + " training rows";
  if (report.valid_rows > 0) rows += ", " + with_commas(report.valid_rows) + " validation rows";
  return rows + "\n\n" + tasks_table(report) + "\n" + fields_table(report) + findings_text(report) + "\n" +
         expectation(report);
}

int check_data(const CheckOptions& options) {
  CheckJob job;
  job.compute = compute_options(options.shared);
  job.config_name = options.config;
  job.config_json = read_config_text(options.config, options.set);
  job.train = options.train;
  job.valid = options.valid;
  if (!options.scratch.empty()) job.scratch = options.scratch;
  Progress progress(bar_if_watched());
  defer_signals(kGraceSeconds);
  job.progress = [&](const JobProgress& state) { return progress.show(state); };
  const Result<CheckReport> report = check(job);
  progress.clear();
  if (!report && report.error().code == ErrorCode::stopped) {
    print_error({ErrorCode::stopped, "stopped by " + stopped_by(), "run the command again"});
    return stopped_exit_code();
  }
  if (!report) throw Failure(report.error());
  print_out(options.json ? as_json(*report) : as_page(*report));
  return report->warnings.empty() ? 0 : kFound;
}

}  // namespace

void add_check(CLI::App& program, Command& chosen) {
  CLI::App& command = *program.add_subcommand("check", "look at config and data before training");
  const auto options = std::make_shared<CheckOptions>();
  add_required(command, "CONFIG", options->config, "FILE",
               "JSON config of fields, tasks, model and training");
  command.add_option("--train", options->train, "training data, CSV, also compressed")
      ->required()
      ->type_name("FILE");
  command.add_option("--valid", options->valid, "validation data; default: none")->type_name("FILE");
  add_assignments(command, options->set);
  command.add_option("--scratch", options->scratch, "directory for a copy of the rows while it runs")
      ->type_name("DIR")
      ->envname("TMPDIR")
      ->default_str("/tmp");
  command.add_flag("--json", options->json, "print one JSON object; default: a page");
  add_shared_options(command, options->shared);
  command.callback([&chosen, options] { chosen = [options] { return check_data(*options); }; });
}

}  // namespace dcrnn::app
