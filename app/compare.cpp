// dcrnn compare: several models under one protocol, over several seeds.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/comparison_text.hpp"
#include "app/comparison_watch.hpp"
#include "app/dial.hpp"
#include "app/failure.hpp"
#include "app/options.hpp"
#include "app/report.hpp"
#include "app/signals.hpp"
#include "app/story.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "app/text_file.hpp"
#include "compare/judge.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

namespace fs = std::filesystem;

struct CompareOptions {
  compare::Job job;  ///< without config, models and compute, which are made of what stands below
  std::string show, report;
  std::vector<std::string> models, set;
  SharedOptions shared;
};

/// A row by its name, or the config of one's own in the file of that name.
compare::Entrant entrant(const std::string& name) {
  if (!name.ends_with(".json")) return {name, {}};
  return {fs::path(name).stem().string(), read_config_text(name, {"train.seed=1"})};
}

compare::Job job_of(const CompareOptions& options) {
  compare::Job job = options.job;
  for (const std::string& name : options.models) job.models.push_back(entrant(name));
  job.compute = compute_options(options.shared);
  return job;
}

std::vector<std::string> files_read(const CompareOptions& options) {
  std::vector<std::string> files = {options.job.config_name};
  for (const auto* list : {&options.job.train, &options.job.valid, &options.job.test}) {
    files.insert(files.end(), list->begin(), list->end());
  }
  for (const compare::OutsideRow& row : options.job.outside)
    files.insert(files.end(), row.files.begin(), row.files.end());
  return files;
}

void require_files(const CompareOptions& options) {
  for (const auto& [name, given] : {std::pair{"--train", !options.job.train.empty()},
                                    {"--valid", !options.job.valid.empty()},
                                    {"--test", !options.job.test.empty()},
                                    {"--out", !options.job.out.empty()}}) {
    if (!given) throw Failure(ErrorCode::usage, std::string(name) + " is required", "dcrnn compare --help");
  }
}

/// Runs `work`, or says how to go on where a signal stops it.
int go_on_later(const CompareOptions& options, const std::function<int()>& work) {
  defer_signals(0);
  try {
    return work();
  } catch (const Failure& failure) {
    if (failure.error().code != ErrorCode::stopped) throw;
    print_error({ErrorCode::stopped,
                 "stopped by " + stopped_by() + "; what is finished stays in " + one_line(options.job.out),
                 "the same command goes on from there"});
    return stopped_exit_code();
  }
}

int turn_dial(const CompareOptions& options, const DialOptions& dial) {
  if (!options.job.train.empty() || !options.job.valid.empty() || !options.job.test.empty() ||
      !options.job.config_name.empty() || !options.job.outside.empty()) {
    throw Failure(ErrorCode::usage, "--dial: found a config or data beside it, want none",
                  "it makes logs and configs of its own");
  }
  if (options.job.out.empty()) throw Failure(ErrorCode::usage, "--out is required", "dcrnn compare --help");
  if (!options.report.empty()) {
    throw Failure(ErrorCode::usage, "--report: found it beside --dial, want it beside a comparison on --test",
                  "the dial draws dial.svg in its --out");
  }
  return go_on_later(options, [&] { return run_dial(job_of(options), options.set, dial); });
}

int compare_models(const CompareOptions& options) {
  if (options.job.config_name.empty()) {
    throw Failure(ErrorCode::usage, "CONFIG is required", "name the config that the rows are made from");
  }
  std::vector<std::string> set = options.set;
  set.emplace_back("train.seed=1");  // each run sets its own
  compare::Job job = job_of(options);
  job.config = read_config_text(options.job.config_name, set);
  if (!options.show.empty()) {
    std::string text;
    for (const std::string& shown : take(compare::make_sized_row(entrant(options.show), job)).row.configs)
      text += shown + "\n";
    print_out(text);
    return 0;
  }
  require_files(options);
  std::vector<Story> stories;
  if (!options.report.empty()) {
    check_report(options.report, files_read(options));
    job.explain = true;
    job.on_row = [&](const std::string& row, const std::vector<compare::TrainingLog>& logs,
                     const LabelledScores& scores) { stories.push_back(story_of(row, logs, scores)); };
  }
  return go_on_later(options, [&] {
    ComparisonWatch watch(job);
    const compare::Comparison comparison = take(compare::compare(job));
    watch.clear();
    if (!options.report.empty()) write_comparison_report(options.report, comparison, stories);
    print_out(as_table(comparison));
    return 0;
  });
}

void add_outside(CompareOptions& options, const std::string& text) {
  const std::size_t mark = text.find('=');
  if (mark == 0 || mark == std::string::npos || mark + 1 == text.size()) {
    throw CLI::ValidationError("--outside", "found " + in_quotes(text) + ", want NAME=FILE");
  }
  const std::string name = text.substr(0, mark);
  auto row = std::find_if(options.job.outside.begin(), options.job.outside.end(),
                          [&](const compare::OutsideRow& other) { return other.name == name; });
  if (row == options.job.outside.end()) row = options.job.outside.insert(row, {name, {}});
  row->files.push_back(text.substr(mark + 1));
}

}  // namespace

void add_compare(CLI::App& program, Command& chosen) {
  CLI::App& command =
      *program.add_subcommand("compare", "train several models under one protocol and judge them");
  const auto options = std::make_shared<CompareOptions>();
  const auto dial = std::make_shared<DialOptions>();
  command
      .add_option("CONFIG", options->job.config_name,
                  "JSON config that the rows are made from; required but for --dial")
      ->type_name("FILE");
  command
      .add_option("--train", options->job.train,
                  "training data, CSV, also compressed; required but for --show")
      ->type_name("FILE");
  command.add_option("--valid", options->job.valid, "validation data; required but for --show")
      ->type_name("FILE");
  command.add_option("--test", options->job.test, "data that judges; required but for --show")
      ->type_name("FILE");
  command
      .add_option("--models", options->models,
                  "rows, or configs of one's own whose names end in .json; default: all rows")
      ->delimiter(',')
      ->type_name("ROW,...");
  const auto read_outside = [options](const std::vector<std::string>& rows) {
    for (const std::string& row : rows) add_outside(*options, row);
  };
  command
      .add_option_function<std::vector<std::string>>(
          "--outside", read_outside,
          "predictions made elsewhere: a CSV file with a column p_<task> for each task and a row for every "
          "row of --test; again for each seed where there are several; default: none")
      ->allow_extra_args(false)
      ->type_name("NAME=FILE");
  const auto read_equal = [options](const std::string& text) {
    for (const compare::Equal equal :
         {compare::Equal::none, compare::Equal::parameters, compare::Equal::flops}) {
      if (text == compare::word(equal)) options->job.equal = equal;
    }
  };
  command
      .add_option_function<std::string>(
          "--equal", read_equal, "what widths make equal in all rows: parameters or flops of the row dcrnn")
      ->check(CLI::IsMember({"parameters", "flops", "none"}))
      ->type_name("parameters|flops|none")
      ->default_str("parameters");
  add_number(command, "--seeds", options->job.seeds, std::size_t{1}, std::size_t{1000},
             "runs of each row, with the seeds 1, 2, ...");
  add_number(
      command, "--search", options->job.search, std::size_t{0}, std::size_t{1000},
      "settings that each row is tried with beside the config's own, with seed 1; --valid chooses: "
      "train.optimizer.rate and .weight_decay, train.tables.rate, train.batch, train.dropout.sharing and "
      ".tower, drawn from the same list for all");
  command
      .add_option("--show", options->show,
                  "print the config of a row, on one line for each of its models, and do nothing else; "
                  "default: compare")
      ->type_name("ROW");
  add_assignments(command, options->set);
  command
      .add_option("--out", options->job.out,
                  "directory of models, cache, table.json and table.csv; required but for --show")
      ->type_name("DIR");
  add_report(command, options->report);
  add_shared_options(command, options->shared);
  CLI::Option* turn = command.add_flag(
      "--dial", dial->turned,
      "compare rows on made-up logs whose tasks have ever more in common; default: compare on --test");
  add_number(command, "--rows", dial->rows, std::size_t{8}, std::size_t{1000000000},
             "training rows of a made-up log")
      ->needs(turn);
  add_number(command, "--selection", dial->selection, 0.0, 10.0, "as of synth, of the made-up logs")
      ->needs(turn);
  command.callback([&chosen, options, dial] {
    chosen = [options, dial] { return dial->turned ? turn_dial(*options, *dial) : compare_models(*options); };
  });
}

}  // namespace dcrnn::app
