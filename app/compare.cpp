// dcrnn compare: several models under one protocol, over several seeds.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/compare_run.hpp"
#include "app/comparison.hpp"
#include "app/dial.hpp"
#include "app/failure.hpp"
#include "app/json.hpp"
#include "app/options.hpp"
#include "app/report.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "app/text_file.hpp"
#include "compare/difference.hpp"
#include "compare/text_file.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

namespace fs = std::filesystem;

/// take(), with what becomes of a comparison whose file cannot be written.
void take_written(const Result<void>& written) {
  if (written) return;
  throw Failure(written.error().code, written.error().message,
                "what is finished stays: mend it, and the same command goes on");
}

/// What a comparison stands on, as JSON: rows and seeds may be added to it, nothing else may change. A file
/// is known by name and size.
std::string foundation(const std::string& config, const CompareOptions& options) {
  JsonWriter json;
  json.begin_object().key("config").raw(take(inspect_config(config, options.config)).config_json);
  json.member("--equal", word(options.equal)).member("--search", options.search);
  const auto add = [&](const char* option, const std::vector<std::string>& files) {
    json.key(option).begin_list();
    for (const std::string& file : files) {
      std::error_code error;
      const std::uintmax_t size = fs::file_size(file, error);
      json.value(one_line(file) + (error ? "" : ", " + std::to_string(size) + " bytes"));
    }
    json.end_list();
  };
  add("--train", options.train);
  add("--valid", options.valid);
  add("--test", options.test);
  return json.end_object().text() + "\n";
}

/// The same of a dial.
std::string foundation(const CompareOptions& options, const DialOptions& dial) {
  JsonWriter json;
  json.begin_object().member("--rows", dial.rows).member("--selection", dial.selection);
  json.member("--equal", word(options.equal)).member("--search", options.search).key("--set").begin_list();
  for (const std::string& assignment : options.set) json.value(assignment);
  return json.end_list().end_object().text() + "\n";
}

/// Whether a comparison has come to more than its cache.
bool has_begun(const std::string& directory) {
  return std::any_of(fs::directory_iterator(directory), fs::directory_iterator(), [](const auto& entry) {
    return entry.path().filename() != "comparison.json" && entry.path().filename() != "cache";
  });
}

[[noreturn]] void refuse_another(const std::string& path, const std::string& difference) {
  throw Failure(ErrorCode::model, one_line(path) + ": another comparison: " + one_line(difference, 400),
                "give another --out, or the config and the files of that one");
}

/// Makes DIR, or finds it made by the same comparison.
void claim(const std::string& directory, const std::string& stands_on) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    throw Failure(ErrorCode::io, "cannot make " + one_line(directory) + ": " + error.message(),
                  "name a directory that can be written");
  }
  const std::string path = directory + "/comparison.json";
  if (!fs::exists(path, error)) return take_written(compare::write_text(path, stands_on));
  const std::string difference = compare::first_difference(read_config_text(path), stands_on);
  if (difference.empty()) return;
  if (has_begun(directory)) refuse_another(path, difference);
  take_written(compare::write_text(path, stands_on));
}

/// A config of one's own may have other tasks.
void require_tasks(const compare::Row& row, const std::string& config, const CompareOptions& options) {
  if (row.configs.size() > 1) return;  // one for each task
  const auto same = [](const compare::Task& a, const compare::Task& b) { return a.name == b.name; };
  const std::vector<compare::Task> own = compare::tasks_of(row.configs[0]), all = compare::tasks_of(config);
  if (std::equal(own.begin(), own.end(), all.begin(), all.end(), same)) return;
  throw Failure(
      ErrorCode::usage,
      in_quotes(row.name) + ": its tasks are not those of " + one_line(options.config) + ", in their order",
      "rows are compared task by task");
}

/// Every row once.
std::vector<SizedRow> make_rows(const CompareOptions& options, const std::string& config) {
  std::set<std::string> names;
  const auto require_new = [&](const char* option, const std::string& name) {
    if (names.insert(name).second) return;
    throw Failure(ErrorCode::usage, std::string(option) + ": two rows are called " + in_quotes(name),
                  "name a row once, and give a config of your own another file name");
  };
  std::vector<SizedRow> rows;
  for (const std::string& name : options.models.empty() ? compare::row_names() : options.models) {
    rows.push_back(make_sized_row(name, config, options));
    require_tasks(rows.back().row, config, options);
    require_new("--models", rows.back().row.name);
  }
  for (const OutsideRow& row : options.outside) {
    require_new("--outside", row.name);
    if (row.files.size() == 1 || row.files.size() == options.seeds) continue;
    throw Failure(ErrorCode::usage,
                  "--outside " + one_line(row.name) + ": found " + std::to_string(row.files.size()) +
                      " files, want one, or one for each of " + std::to_string(options.seeds) + " seeds",
                  "repeat --outside NAME=FILE for each seed, in their order");
  }
  return rows;
}

std::vector<std::string> files_read(const CompareOptions& options) {
  std::vector<std::string> files = {options.config};
  for (const auto* list : {&options.train, &options.valid, &options.test}) {
    files.insert(files.end(), list->begin(), list->end());
  }
  for (const OutsideRow& row : options.outside) files.insert(files.end(), row.files.begin(), row.files.end());
  return files;
}

void require_files(const CompareOptions& options) {
  for (const auto& [name, given] : {std::pair{"--train", !options.train.empty()},
                                    {"--valid", !options.valid.empty()},
                                    {"--test", !options.test.empty()},
                                    {"--out", !options.out.empty()}}) {
    if (!given) throw Failure(ErrorCode::usage, std::string(name) + " is required", "dcrnn compare --help");
  }
  // A name that is misspelt is no comparison to be kept.
  for (const std::string& file : files_read(options)) {
    std::error_code error;
    if (fs::exists(file, error)) continue;
    throw Failure(ErrorCode::io,
                  "cannot open " + one_line(file) + ": " + reason(error ? error.value() : ENOENT),
                  "name a file that is there");
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
                 "stopped by " + stopped_by() + "; what is finished stays in " + one_line(options.out),
                 "the same command goes on from there"});
    return stopped_exit_code();
  }
}

int turn_dial(const CompareOptions& options, const DialOptions& dial) {
  if (!options.train.empty() || !options.valid.empty() || !options.test.empty() || !options.config.empty() ||
      !options.outside.empty()) {
    throw Failure(ErrorCode::usage, "--dial: found a config or data beside it, want none",
                  "it makes logs and configs of its own");
  }
  if (options.out.empty()) throw Failure(ErrorCode::usage, "--out is required", "dcrnn compare --help");
  if (!options.report.empty()) {
    throw Failure(ErrorCode::usage, "--report: found it beside --dial, want it beside a comparison on --test",
                  "the dial draws dial.svg in its --out");
  }
  claim(options.out, foundation(options, dial));
  return go_on_later(options, [&] { return run_dial(options, dial); });
}

int compare_models(const CompareOptions& options) {
  if (options.config.empty()) {
    throw Failure(ErrorCode::usage, "CONFIG is required", "name the config that the rows are made from");
  }
  std::vector<std::string> set = options.set;
  set.emplace_back("train.seed=1");  // each run sets its own
  const std::string config = read_config_text(options.config, set);
  if (!options.show.empty()) {
    std::string text;
    for (const std::string& shown : make_sized_row(options.show, config, options).row.configs)
      text += shown + "\n";
    print_out(text);
    return 0;
  }
  require_files(options);
  const std::vector<SizedRow> rows = make_rows(options, config);
  check_report(options.report, files_read(options));
  claim(options.out, foundation(config, options));
  return go_on_later(options, [&] {
    const Comparison comparison = run_comparison(options, config, rows);
    take_written(compare::write_text(options.out + "/table.json", as_json(comparison)));
    take_written(compare::write_text(options.out + "/table.csv", as_csv(comparison)));
    if (!options.report.empty()) write_comparison_report(options.report, comparison);
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
  // Told in CSV and as text.
  if (name.find_first_of(",\"\n\r\t") != std::string::npos) {
    throw CLI::ValidationError("--outside",
                               "found the name " + in_quotes(name) + ", want one without , and \"");
  }
  auto row = std::find_if(options.outside.begin(), options.outside.end(),
                          [&](const OutsideRow& other) { return other.name == name; });
  if (row == options.outside.end()) row = options.outside.insert(row, {name, {}});
  row->files.push_back(text.substr(mark + 1));
}

}  // namespace

void add_compare(CLI::App& program, Command& chosen) {
  CLI::App& command =
      *program.add_subcommand("compare", "train several models under one protocol and judge them");
  const auto options = std::make_shared<CompareOptions>();
  const auto dial = std::make_shared<DialOptions>();
  command
      .add_option("CONFIG", options->config,
                  "JSON config that the rows are made from; required but for --dial")
      ->type_name("FILE");
  command
      .add_option("--train", options->train, "training data, CSV, also compressed; required but for --show")
      ->type_name("FILE");
  command.add_option("--valid", options->valid, "validation data; required but for --show")
      ->type_name("FILE");
  command.add_option("--test", options->test, "data that judges; required but for --show")->type_name("FILE");
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
          "row "
          "of --test; again for each seed where there are several; default: none")
      ->allow_extra_args(false)
      ->type_name("NAME=FILE");
  const auto read_equal = [options](const std::string& text) {
    for (const compare::Equal equal :
         {compare::Equal::none, compare::Equal::parameters, compare::Equal::flops}) {
      if (text == word(equal)) options->equal = equal;
    }
  };
  command
      .add_option_function<std::string>(
          "--equal", read_equal, "what widths make equal in all rows: parameters or flops of the row dcrnn")
      ->check(CLI::IsMember({"parameters", "flops", "none"}))
      ->type_name("parameters|flops|none")
      ->default_str("parameters");
  add_number(command, "--seeds", options->seeds, std::size_t{1}, std::size_t{1000},
             "runs of each row, with the seeds 1, 2, ...");
  add_number(
      command, "--search", options->search, std::size_t{0}, std::size_t{1000},
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
      .add_option("--out", options->out,
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
