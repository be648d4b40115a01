// dcrnn compare: several models under one protocol, over several seeds.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/comparison.hpp"
#include "app/failure.hpp"
#include "app/options.hpp"
#include "app/progress.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "app/text_file.hpp"
#include "compare/statistics.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

namespace fs = std::filesystem;

struct CompareOptions {
  std::string config, out, show;
  std::vector<std::string> train, valid, test, models, set;
  std::size_t seeds = 5;
  SharedOptions shared;
};

compare::Row row_of(const std::string& name, const std::string& config, const CompareOptions& options) {
  if (!name.ends_with(".json")) return take(compare::make_row(name, config, options.config));
  return {fs::path(name).stem().string(), {read_config_text(name, {"train.seed=1"})}};
}

std::string shown(const compare::Row& row) {
  std::string text;
  for (const std::string& config : row.configs) text += config + "\n";
  return text;
}

[[noreturn]] void fail_io(const std::string& path, const std::string& what) {
  throw Failure(ErrorCode::io, "cannot write " + one_line(path) + ": " + what,
                "what is finished stays: run the same command again");
}

/// Whole or not at all.
void write_whole(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".unfinished";
  std::ofstream file(unfinished, std::ios::binary);
  file << text;
  file.close();
  std::error_code error;
  if (!file) {
    const int cause = errno;
    fs::remove(unfinished, error);
    fail_io(path, reason(cause == 0 ? EIO : cause));
  }
  fs::rename(unfinished, path, error);
  if (error) fail_io(path, error.message());
}

/// What a comparison stands on, a line each: rows and seeds may be added to it, nothing else may change.
std::string foundation(const std::string& config, const CompareOptions& options) {
  std::string text = config + "\n";
  std::replace(text.begin(), text.end(), ',', '\n');
  const auto add = [&](const char* option, const std::vector<std::string>& files) {
    for (const std::string& file : files) {
      std::error_code error;
      const std::uintmax_t size = fs::file_size(file, error);
      text += std::string(option) + ": " + one_line(file) +
              (error ? "" : ", " + std::to_string(size) + " bytes") + "\n";
    }
  };
  add("--train", options.train);
  add("--valid", options.valid);
  add("--test", options.test);
  return text;
}

/// Makes DIR, or finds it made by the same comparison.
void claim(const std::string& directory, const std::string& stands_on) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) fail_io(directory, error.message());
  const std::string path = directory + "/comparison.txt";
  if (!fs::exists(path, error)) return write_whole(path, stands_on);
  const std::string found = read_config_text(path);
  if (found == stands_on) return;
  std::size_t at = 0;  // where the first line that differs begins
  for (std::size_t i = 0; i < std::min(found.size(), stands_on.size()) && found[i] == stands_on[i]; ++i) {
    if (found[i] == '\n') at = i + 1;
  }
  const auto line = [at](const std::string& text) { return text.substr(at, text.find('\n', at) - at); };
  throw Failure(ErrorCode::model,
                one_line(path) + ": another comparison: " + one_line(line(found), 200) + " there, " +
                    one_line(line(stands_on), 200) + " here",
                "give another --out, or the config and the files of that one");
}

/// One call of the command.
class CompareRun {
 public:
  CompareRun(const CompareOptions& options, const std::string& config)
      : options_(options),
        compute_(compute_options(options.shared)),
        progress_(is_terminal(STDERR_FILENO) ? Progress::Mode::bar : Progress::Mode::lines) {
    comparison_.tasks = compare::tasks_of(config);
    comparison_.seeds = options.seeds;
    for (const std::string& name : options.models.empty() ? compare::row_names() : options.models) {
      compare::Row row = row_of(name, config, options);
      for (const compare::Row& other : rows_) {
        if (other.name == row.name) {
          throw Failure(ErrorCode::usage, "--models: two rows are called " + in_quotes(row.name),
                        "name a row once, and give a config of your own another file name");
        }
      }
      rows_.push_back(std::move(row));
      runs_ += rows_.back().configs.size() * options.seeds;
    }
  }

  Comparison operator()() {
    for (const compare::Row& row : rows_) {
      for (std::size_t seed = 1; seed <= options_.seeds; ++seed) {
        for (std::size_t i = 0; i < row.configs.size(); ++i) train(row, seed, i);
      }
    }
    for (const compare::Row& row : rows_) judge(row);
    progress_.clear();
    mark_best(comparison_);
    return std::move(comparison_);
  }
  const Progress& progress() const { return progress_; }

 private:
  std::string model_path(const compare::Row& row, std::size_t seed, std::size_t i) const {
    const std::string part = row.configs.size() > 1 ? "." + comparison_.tasks[i].name : "";
    return options_.out + "/" + row.name + part + "." + std::to_string(seed) + ".model";
  }

  void train(const compare::Row& row, std::size_t seed, std::size_t i) {
    ++run_;
    FitJob job;
    job.model = model_path(row, seed, i);
    if (fs::exists(job.model)) return;
    job.config_json = row.configs[i];
    job.config_name = row.name;
    job.set = {"train.seed=" + std::to_string(seed)};
    job.train = options_.train;
    job.valid = options_.valid;
    job.cache = options_.out + "/cache";
    job.resume = true;
    job.compute = compute_;
    job.progress = [&](const JobProgress& state) { return progress_.show(state); };
    const auto begin = std::chrono::steady_clock::now();
    take(fit(job));
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    ++trained_;
    const double left = seconds_ / static_cast<double>(trained_) * static_cast<double>(runs_ - run_);
    progress_.line(std::to_string(run_) + "/" + std::to_string(runs_) + "  " + one_line(job.model) + "  " +
                   duration(left) + " left");
  }

  /// Figures of all seeds of a row on --test.
  void judge(const compare::Row& row) {
    RowFigures& figures = comparison_.rows.emplace_back();
    figures.name = row.name;
    figures.tasks.resize(comparison_.tasks.size());
    for (std::size_t seed = 1; seed <= options_.seeds; ++seed) {
      LabelledScores scores;
      std::vector<TaskReport> reports;
      figures.parameters = 0;
      figures.flops = 0;
      for (std::size_t i = 0; i < row.configs.size(); ++i) {
        const std::string path = model_path(row, seed, i);
        const Model model = take(Model::load(path));
        EvalJob job;
        job.data = options_.test;
        job.compute = compute_;
        job.progress = [&](const JobProgress& state) { return progress_.show(state); };
        EvalReport report = take(evaluate_files(model, job));
        for (std::size_t t = 0; t < report.tasks.size(); ++t) {
          if (!report.ranking.empty() && report.ranking[t].gauc) {
            figures.tasks.at(reports.size()).gauc.push_back(*report.ranking[t].gauc);
          }
          reports.push_back(report.tasks[t]);
        }
        append(scores, take(score_files(model, job)));
        const ModelInfo info = take(inspect(model));
        figures.parameters += info.parameter_count;
        figures.flops += info.forward_flops_per_row;
      }
      require_tasks(row, reports);
      if (comparison_.labels.empty()) comparison_.labels = scores.labels;
      for (std::size_t t = 0; t < reports.size(); ++t) add(figures.tasks[t], t, reports[t], scores);
    }
  }

  static void append(LabelledScores& all, LabelledScores more) {
    for (std::size_t t = 0; t < more.labels.size(); ++t) {
      all.probabilities.push_back(std::move(more.probabilities[t]));
      all.logits.push_back(std::move(more.logits[t]));
      all.labels.push_back(std::move(more.labels[t]));
    }
  }

  /// A config of one's own may have other tasks.
  void require_tasks(const compare::Row& row, const std::vector<TaskReport>& reports) const {
    bool same = reports.size() == comparison_.tasks.size();
    for (std::size_t t = 0; same && t < reports.size(); ++t)
      same = reports[t].task == comparison_.tasks[t].name;
    if (!same) {
      throw Failure(ErrorCode::usage,
                    in_quotes(row.name) + ": its tasks are not those of " + one_line(options_.config) +
                        ", in their order",
                    "rows are compared task by task");
    }
  }

  void add(TaskFigures& figures, std::size_t t, const TaskReport& report, const LabelledScores& scores) {
    const auto keep = [](std::vector<double>& list, const std::optional<double>& value) {
      if (value) list.push_back(*value);
    };
    keep(figures.auc, report.auc);
    keep(figures.logloss, report.logloss);
    keep(figures.ece, report.ece);
    const std::vector<float>& p = scores.probabilities[t];
    figures.logit.resize(p.size());
    for (std::size_t b = 0; b < p.size(); ++b) {
      // The nearest to 0 and 1 that a float tells from them.
      const double inside = std::clamp<double>(static_cast<double>(p[b]), 1e-38, 1 - 6e-8);
      figures.logit[b] += std::log(inside) - std::log1p(-inside);
    }
    const std::size_t parent = comparison_.tasks[t].parent;
    if (parent == compare::kNoParent) return;
    std::vector<double> ratio, child;
    std::vector<std::uint8_t> labels;
    for (std::size_t b = 0; b < p.size(); ++b) {
      if (scores.labels[parent][b] != 1 || scores.labels[t][b] < 0) continue;
      const double p_child = static_cast<double>(p[b]);
      // A chain's own logit is that of p_child / p_parent, with all its digits.
      const double given = report.chain_child
                               ? static_cast<double>(scores.logits[t][b])
                               : p_child / static_cast<double>(scores.probabilities[parent][b]);
      ratio.push_back(std::isnan(given) ? 0 : given);
      child.push_back(p_child);
      labels.push_back(static_cast<std::uint8_t>(scores.labels[t][b]));
    }
    const auto keep_defined = [](std::vector<double>& list, double value) {
      if (!std::isnan(value)) list.push_back(value);
    };
    keep_defined(figures.given_parent, compare::auc(ratio, labels));
    keep_defined(figures.given_parent_by_child, compare::auc(child, labels));
  }

  const CompareOptions& options_;
  ComputeOptions compute_;
  Progress progress_;
  std::vector<compare::Row> rows_;
  Comparison comparison_;
  std::size_t runs_ = 0, run_ = 0, trained_ = 0;
  double seconds_ = 0;  // of the runs trained by this call
};

int compare_models(const CompareOptions& options) {
  std::vector<std::string> set = options.set;
  set.emplace_back("train.seed=1");  // each run sets its own
  const std::string config = read_config_text(options.config, set);
  if (!options.show.empty()) {
    print_out(shown(row_of(options.show, config, options)));
    return 0;
  }
  for (const auto& [name, given] : {std::pair{"--train", !options.train.empty()},
                                    {"--valid", !options.valid.empty()},
                                    {"--test", !options.test.empty()},
                                    {"--out", !options.out.empty()}}) {
    if (!given) throw Failure(ErrorCode::usage, std::string(name) + " is required", "dcrnn compare --help");
  }
  CompareRun run(options, config);
  claim(options.out, foundation(config, options));
  defer_signals(0);
  try {
    const Comparison comparison = run();
    write_whole(options.out + "/table.json", as_json(comparison));
    write_whole(options.out + "/table.csv", as_csv(comparison));
    print_out(as_table(comparison));
  } catch (const Failure& failure) {
    if (failure.error().code != ErrorCode::stopped) throw;
    print_error({ErrorCode::stopped,
                 "stopped by " + stopped_by() + "; what is finished stays in " + one_line(options.out),
                 "the same command goes on from there"});
    return stopped_exit_code();
  }
  return 0;
}

}  // namespace

void add_compare(CLI::App& program, Command& chosen) {
  CLI::App& command =
      *program.add_subcommand("compare", "train several models under one protocol and judge them");
  const auto options = std::make_shared<CompareOptions>();
  add_required(command, "CONFIG", options->config, "FILE", "JSON config that the rows are made from");
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
  add_number(command, "--seeds", options->seeds, std::size_t{1}, std::size_t{1000},
             "runs of each row, with the seeds 1, 2, ...");
  command
      .add_option("--show", options->show, "print the config of a row and do nothing else; default: compare")
      ->type_name("ROW");
  add_assignments(command, options->set);
  command
      .add_option("--out", options->out,
                  "directory of models, cache, table.json and table.csv; required but for --show")
      ->type_name("DIR");
  add_shared_options(command, options->shared);
  command.callback([&chosen, options] { chosen = [options] { return compare_models(*options); }; });
}

}  // namespace dcrnn::app
