#include "app/compare_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "app/failure.hpp"
#include "app/progress.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "app/text_file.hpp"
#include "compare/difference.hpp"
#include "compare/search.hpp"
#include "compare/statistics.hpp"
#include "compare/timings.hpp"
#include "compare/training_log.hpp"
#include "compare/work.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

namespace fs = std::filesystem;

/// One model to train.
struct Run {
  std::string name, config, model;
  std::size_t seed = 1;
  double work = 1;  ///< about how long it takes, in any unit
};

/// Tells of all runs together; for several threads.
class RunProgress {
 public:
  RunProgress() : progress_(is_terminal(STDERR_FILENO) ? Progress::Mode::bar : Progress::Mode::lines) {}

  void expect(const std::vector<Run>& runs) {
    std::vector<compare::RunWork> work;
    for (const Run& run : runs) work.push_back({run.model, run.work});
    work_.expect(work);
  }
  /// False once the runs are to stop.
  bool show(const Run& run, const JobProgress& job) {
    const std::lock_guard lock(mutex_);
    if (job.epochs > 0) work_.at(run.model, job.member, job.members, member_fraction(job));
    return progress_.show_work(count() + " models", work_.done(), work_.all()) && !failed_;
  }
  void finished(const Run& run) {
    const std::lock_guard lock(mutex_);
    work_.finish(run.model);
    progress_.line(count() + "  " + one_line(run.model) + progress_.time_left(work_.done(), work_.all()));
  }
  /// Each text once.
  void note(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (told_.insert(text).second) progress_.line(one_line(text));
  }
  void fail() { failed_ = true; }
  void clear() { progress_.clear(); }

 private:
  std::string count() const { return std::to_string(work_.finished()) + "/" + std::to_string(work_.runs()); }

  std::mutex mutex_;
  Progress progress_;
  compare::Work work_;
  std::set<std::string> told_;
  std::atomic<bool> failed_ = false;
};

/// A file that is written while models are trained may be read by none of them.
class Trainer {
 public:
  Trainer(const CompareOptions& options, const std::string& config)
      : options_(options), config_(config), compute_(compute_options(options.shared)) {}

  /// Without what is trained already. Failure(model) for a model that another config made.
  void expect(std::vector<Run> runs) {
    std::erase_if(runs, is_trained);
    progress_.expect(runs);
  }

  /// In parallel where there are threads for it: the very first alone, which makes the cache of all.
  void operator()(std::vector<Run> runs) {
    std::erase_if(runs, is_trained);
    if (runs.empty()) return;
    const auto threads = static_cast<std::size_t>(compute_.threads);
    const std::size_t workers = std::min(threads, runs.size());
    const int each = static_cast<int>(threads / workers);
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::optional<Failure> first;
    const auto attempt = [&](std::size_t i) {
      try {
        train(runs[i], each);
        return true;
      } catch (const Failure& failure) {
        const std::lock_guard lock(mutex);
        if (!first) first = failure;
        progress_.fail();
        return false;
      }
    };
    const auto work = [&] {
      for (std::size_t i = next++; i < runs.size() && attempt(i); i = next++) continue;
    };
    if (has_cache_ || (has_cache_ = attempt(next++))) {
      std::vector<std::thread> others;
      for (std::size_t worker = 1; worker < workers; ++worker) others.emplace_back(work);
      work();
      for (std::thread& other : others) other.join();
    }
    progress_.clear();
    if (first) throw Failure(*first);
  }

 private:
  static std::vector<std::string> settings_of(const Run& run) {
    return {"train.seed=" + std::to_string(run.seed)};
  }
  static std::string checkpoint_of(const Run& run) { return run.model + ".checkpoint"; }

  /// Beside a checkpoint a model's log may not have ended.
  static bool is_trained(const Run& run) {
    if (!fs::exists(run.model) || fs::exists(checkpoint_of(run))) return false;
    std::string config = run.config;
    for (const std::string& set : settings_of(run)) config = take(set_config_value(config, set, run.name));
    const std::string here = take(inspect_config(config, run.name)).config_json;
    const std::string there = take(inspect(take(Model::load(run.model)))).config_json;
    if (there == here) return true;
    throw Failure(ErrorCode::model,
                  one_line(run.model) +
                      ": made with another config: " + one_line(compare::first_difference(there, here)),
                  "give another --out or config file name, or remove the model to train it anew");
  }

  void train(const Run& run, int threads) {
    FitJob job;
    job.model = run.model;
    job.config_json = run.config;
    job.config_name = run.name;
    job.set = settings_of(run);
    job.train = options_.train;
    job.valid = options_.valid;
    job.cache = options_.out + "/cache";
    job.cache_config = config_;
    job.resume = fs::exists(checkpoint_of(run));
    job.compute = compute_;
    job.compute.threads = threads;
    job.progress = [&](const JobProgress& state) { return progress_.show(run, state); };
    job.on_note = [&](const std::string& note) { progress_.note(note); };
    take(fit(job));
    progress_.finished(run);
  }

  const CompareOptions& options_;
  const std::string& config_;
  ComputeOptions compute_;
  RunProgress progress_;
  bool has_cache_ = false;
};

double log_odds(float p) {
  // The nearest to 0 and 1 that a float tells from them.
  const double inside = std::clamp<double>(static_cast<double>(p), 1e-38, 1 - 6e-8);
  return std::log(inside) - std::log1p(-inside);
}

void keep(std::vector<double>& list, const std::optional<double>& value) {
  if (value && !std::isnan(*value)) list.push_back(*value);
}

/// One call of the command.
class CompareRun {
 public:
  CompareRun(const CompareOptions& options, const std::string& config, const std::vector<SizedRow>& rows)
      : options_(options),
        config_(config),
        rows_(rows),
        progress_(is_terminal(STDERR_FILENO) ? Progress::Mode::bar : Progress::Mode::off),
        timings_(take(compare::Timings::open(options.out + "/scoring.csv"))) {
    comparison_.tasks = compare::tasks_of(config);
    comparison_.seeds = options.seeds;
    comparison_.search = options.search;
    comparison_.equal = options.equal;
    job_.data = options.test;
    job_.compute = compute_options(options.shared);
    job_.compute.threads = 1;  // what a row takes is told of one
    job_.progress = [this](const JobProgress& state) { return progress_.show(state); };
  }

  Comparison operator()() {
    for (const SizedRow& sized : rows_) {
      settings_.push_back(take(compare::settings(sized.row, options_.search, sized.row.name)));
    }
    chosen_.assign(rows_.size(), 0);
    std::vector<Run> all = runs();
    if (options_.search > 0) {
      const std::vector<Run> tried = trials();
      all.insert(all.end(), tried.begin(), tried.end());
    }
    Trainer train(options_, config_);
    train.expect(all);
    // What cannot be judged is better found before hours of training; a model reads the rows.
    train({all.front()});
    test_rows(take(Model::load(all.front().model)));
    for (const OutsideRow& row : options_.outside) judge(row);
    std::swap(outside_, comparison_.rows);
    progress_.clear();
    if (options_.search > 0) {
      train(trials());
      choose();
      train.expect(runs());
    }
    train(runs());
    for (std::size_t r = 0; r < rows_.size(); ++r) judge(r);
    progress_.clear();
    for (RowFigures& row : outside_) comparison_.rows.push_back(std::move(row));
    mark_best(comparison_);
    if (!options_.report.empty()) explain();
    return std::move(comparison_);
  }

 private:
  std::string model_path(const compare::Row& row, std::size_t setting, std::size_t seed,
                         std::size_t i) const {
    const std::string part = (row.configs.size() > 1 ? "." + comparison_.tasks[i].name : "") +
                             (setting > 0 ? ".s" + std::to_string(setting) : "");
    return options_.out + "/" + row.name + part + "." + std::to_string(seed) + ".model";
  }

  /// Of row `r` with a setting and a seed.
  void add_runs(std::vector<Run>& runs, std::size_t r, std::size_t setting, std::size_t seed) const {
    const compare::Row& row = settings_[r][setting].row;
    for (std::size_t i = 0; i < row.configs.size(); ++i) {
      const NetworkInfo info = take(inspect_config(row.configs[i], row.name));
      runs.push_back({row.name, row.configs[i], model_path(row, setting, seed, i), seed,
                      info.forward_flops_per_row + kWorkBesideProducts});
    }
  }

  std::vector<Run> runs() const {
    std::vector<Run> runs;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      for (std::size_t seed = 1; seed <= options_.seeds; ++seed) add_runs(runs, r, chosen_[r], seed);
    }
    return runs;
  }

  /// Every setting of every row, with seed 1.
  std::vector<Run> trials() const {
    std::vector<Run> runs;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      for (std::size_t setting = 0; setting <= options_.search; ++setting) add_runs(runs, r, setting, 1);
    }
    return runs;
  }

  /// Of each row the setting that --valid likes best, the first of equals.
  void choose() {
    chosen_.clear();
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      std::size_t best = 0;
      double highest = -INFINITY;
      for (std::size_t setting = 0; setting < settings_[r].size(); ++setting) {
        const compare::Row& row = settings_[r][setting].row;
        double sum = 0;
        for (std::size_t i = 0; i < row.configs.size(); ++i) {
          const std::string log = model_path(row, setting, 1, i) + ".jsonl";
          sum += compare::watched(take(compare::read_training_log(log))).value_or(-INFINITY);
        }
        if (sum > highest) {
          highest = sum;
          best = setting;
        }
      }
      chosen_.push_back(best);
    }
  }

  /// The config whose labels are read: with those of all tasks, where the model's are among them.
  std::string labels_of(const Model& model) const {
    const std::vector<std::string> tasks = model.tasks();
    const bool among = std::all_of(tasks.begin(), tasks.end(), [&](const std::string& name) {
      return std::any_of(comparison_.tasks.begin(), comparison_.tasks.end(),
                         [&](const compare::Task& task) { return task.name == name; });
    });
    return among ? config_ : "";
  }

  /// The rows of --test as `model` reads them; read once for all models that read them alike.
  const LabelledRows& test_rows(const Model& model) {
    for (const LabelledRows& rows : test_) {
      if (rows.suit(model)) return rows;
    }
    test_.push_back(take(LabelledRows::read(model, job_, labels_of(model))));
    return test_.back();
  }

  /// Figures of all seeds of a row on --test.
  void judge(std::size_t r) {
    const SizedRow& sized = rows_[r];
    const compare::Row& row = settings_[r][chosen_[r]].row;
    RowFigures figures;
    figures.name = row.name;
    figures.trained = true;
    figures.setting = settings_[r][chosen_[r]].says;
    figures.equal = sized.equal;
    figures.tasks.resize(comparison_.tasks.size());
    Story story;
    story.name = row.name;
    for (std::size_t seed = 1; seed <= options_.seeds; ++seed) {
      LabelledScores scores;
      double seconds_per_row = 0, scoring = 0;
      figures.parameters = figures.table_parameters = 0;
      figures.flops = 0;
      for (std::size_t i = 0; i < row.configs.size(); ++i) {
        const std::string path = model_path(row, chosen_[r], seed, i);
        const Model model = take(Model::load(path));
        const LabelledRows& rows = test_rows(model);
        LabelledScores part = take(rows.score(model, job_));
        const ModelInfo info = take(inspect(model));
        scoring += scoring_time(info.checksum, 1e6 * part.seconds / static_cast<double>(rows.rows()));
        append(scores, std::move(part));
        const compare::TrainingLog log = take(compare::read_training_log(path + ".jsonl"));
        if (seed == 1) add_log(story, task_names(), log);
        figures.table_parameters += info.table_parameter_count;
        figures.parameters += info.parameter_count - info.table_parameter_count;
        figures.flops += info.forward_flops_per_row;
        seconds_per_row += 1 / log.rows_per_second();
      }
      if (seed == 1) add_calibration(story, scores);
      if (row.configs.size() > 1) add_counterfactual(scores);
      figures.rows_per_second.push_back(1 / seconds_per_row);
      figures.scoring.push_back(scoring);
      add(figures, std::move(scores));
    }
    comparison_.rows.push_back(std::move(figures));
    comparison_.stories.push_back(std::move(story));
  }

  std::vector<std::string> task_names() const {
    std::vector<std::string> names;
    for (const compare::Task& task : comparison_.tasks) names.push_back(task.name);
    return names;
  }

  /// One row is looked into: dcrnn, if it is there, else the first; each of its models.
  void explain() {
    const auto dcrnn = std::find_if(rows_.begin(), rows_.end(),
                                    [](const SizedRow& sized) { return sized.row.name == "dcrnn"; });
    const auto found = dcrnn == rows_.end() ? rows_.begin() : dcrnn;
    const compare::Row& row = found->row;
    const std::size_t setting = chosen_[static_cast<std::size_t>(found - rows_.begin())];
    comparison_.explained = row.name;
    for (std::size_t i = 0; i < row.configs.size(); ++i) {
      const Model model = take(Model::load(model_path(row, setting, 1, i)));
      add(comparison_.explanation, take(test_rows(model).explain(model, job_)));
    }
    progress_.clear();
  }

  static void add(std::optional<Explanation>& all, Explanation more) {
    if (!all) {
      all = std::move(more);
      return;
    }
    append_list(all->tasks, more.tasks);
    append_list(all->gates, more.gates);
    for (std::size_t f = 0; f < all->importance.size(); ++f) {  // over the same fields
      append_list(all->importance[f].auc_lost, more.importance[f].auc_lost);
    }
  }

  void judge(const OutsideRow& row) {
    RowFigures figures;
    figures.name = row.name;
    figures.tasks.resize(comparison_.tasks.size());
    for (std::size_t seed = 0; seed < options_.seeds; ++seed) {
      const std::string& file = row.files[row.files.size() == 1 ? 0 : seed];
      add(figures, take(test_.front().score_predictions(file)));
    }
    comparison_.rows.push_back(std::move(figures));
  }

  double scoring_time(const std::string& checksum, double measured) {
    if (const std::optional<double> known = timings_.find(checksum)) return *known;
    take(timings_.add(checksum, measured));
    return measured;
  }

  template <class List>
  static void append_list(List& list, List& other) {
    list.insert(list.end(), std::make_move_iterator(other.begin()), std::make_move_iterator(other.end()));
  }

  static void append(LabelledScores& all, LabelledScores more) {
    append_list(all.report.tasks, more.report.tasks);
    append_list(all.report.ranking, more.report.ranking);
    append_list(all.probabilities, more.probabilities);
    append_list(all.logits, more.logits);
    append_list(all.labels, more.labels);
    all.weights = std::move(more.weights);  // of the same rows
  }

  /// Of several models, none of which knows the other's task.
  void add_counterfactual(LabelledScores& scores) const {
    const LabelledScores together = take(test_.front().score_probabilities(scores.probabilities));
    for (std::size_t t = 0; t < scores.report.tasks.size(); ++t) {
      TaskReport& report = scores.report.tasks[t];
      report.counterfactual_bias = together.report.tasks[t].counterfactual_bias;
      report.counterfactual_auc = together.report.tasks[t].counterfactual_auc;
      report.counterfactual_truth_auc = together.report.tasks[t].counterfactual_truth_auc;
    }
  }

  /// One seed's scores.
  void add(RowFigures& row, LabelledScores scores) {
    for (std::size_t t = 0; t < row.tasks.size(); ++t) {
      TaskFigures& figures = row.tasks[t];
      const TaskReport& report = scores.report.tasks[t];
      keep(figures.auc, report.auc);
      keep(figures.logloss, report.logloss);
      keep(figures.ece, report.ece);
      if (!scores.report.ranking.empty()) keep(figures.gauc, scores.report.ranking[t].gauc);
      if (report.truth_auc && report.auc) figures.gap.push_back(*report.truth_auc - *report.auc);
      keep(figures.counterfactual_bias, report.counterfactual_bias);
      if (report.counterfactual_auc && report.counterfactual_truth_auc) {
        figures.counterfactual_gap.push_back(*report.counterfactual_truth_auc - *report.counterfactual_auc);
      }
      const std::vector<float>& p = scores.probabilities[t];
      figures.logit.resize(p.size());
      for (std::size_t b = 0; b < p.size(); ++b) figures.logit[b] += log_odds(p[b]);
      if (comparison_.tasks[t].parent != compare::kNoParent) add_given_parent(figures, t, scores);
    }
    if (comparison_.labels.empty()) comparison_.labels = std::move(scores.labels);
  }

  void add_given_parent(TaskFigures& figures, std::size_t t, const LabelledScores& scores) const {
    const std::size_t parent = comparison_.tasks[t].parent;
    std::vector<double> ratio, child, weights;
    std::vector<std::uint8_t> labels;
    for (std::size_t b = 0; b < scores.labels[t].size(); ++b) {
      if (scores.labels[parent][b] != 1 || scores.labels[t][b] < 0) continue;
      const auto p_child = static_cast<double>(scores.probabilities[t][b]);
      // A chain's own logit is that of p_child / p_parent, with all its digits.
      const double given = scores.report.tasks[t].chain_child
                               ? static_cast<double>(scores.logits[t][b])
                               : p_child / static_cast<double>(scores.probabilities[parent][b]);
      ratio.push_back(std::isnan(given) ? 0 : given);
      child.push_back(p_child);
      if (!scores.weights.empty()) weights.push_back(scores.weights[b]);
      labels.push_back(static_cast<std::uint8_t>(scores.labels[t][b]));
    }
    keep(figures.given_parent, compare::auc(ratio, labels, weights));
    keep(figures.given_parent_by_child, compare::auc(child, labels, weights));
  }

  static constexpr double kWorkBesideProducts = 1000;  // of a row, in the unit of flops

  const CompareOptions& options_;
  const std::string& config_;
  const std::vector<SizedRow>& rows_;
  Progress progress_;
  compare::Timings timings_;
  EvalJob job_;
  std::vector<LabelledRows> test_;
  std::vector<std::vector<compare::Setting>> settings_;  // per row
  std::vector<std::size_t> chosen_;                      // per row: which of its settings
  Comparison comparison_;
  std::vector<RowFigures> outside_;
};

}  // namespace

SizedRow make_sized_row(const std::string& name, const std::string& config, const CompareOptions& options) {
  if (name.ends_with(".json")) {
    return {{fs::path(name).stem().string(), {read_config_text(name, {"train.seed=1"})}},
            options.equal == compare::Equal::none};
  }
  SizedRow sized{take(compare::make_row(name, config, options.config))};
  if (options.equal == compare::Equal::none) return sized;
  const compare::Row dcrnn = take(compare::make_row("dcrnn", config, options.config));
  const double target = take(compare::size_of(dcrnn, options.equal, options.config));
  sized.equal = take(compare::make_equal(sized.row, options.equal, target, options.config));
  return sized;
}

Comparison run_comparison(const CompareOptions& options, const std::string& config,
                          const std::vector<SizedRow>& rows) {
  return CompareRun(options, config, rows)();
}

}  // namespace dcrnn::app
