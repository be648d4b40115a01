#include "compare/judge.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "compare/directory.hpp"
#include "compare/runs.hpp"
#include "compare/search.hpp"
#include "compare/statistics.hpp"
#include "compare/timings.hpp"
#include "compare/training_log.hpp"
#include "core/file.hpp"
#include "core/guard.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::compare {
namespace {

double log_odds(float p) {
  // The nearest to 0 and 1 that a float tells from them.
  const double inside = std::clamp<double>(static_cast<double>(p), 1e-38, 1 - 6e-8);
  return std::log(inside) - std::log1p(-inside);
}

void keep(std::vector<double>& list, const std::optional<double>& value) {
  if (value && !std::isnan(*value)) list.push_back(*value);
}

/// One comparison.
class Judge {
 public:
  Judge(const Job& job, const std::vector<SizedRow>& rows)
      : job_(job), rows_(rows), timings_(value_of(Timings::open(job.out + "/scoring.csv"))) {
    comparison_.tasks = tasks_of(job.config);
    comparison_.seeds = job.seeds;
    comparison_.search = job.search;
    comparison_.equal = job.equal;
    eval_.data = job.test;
    eval_.compute = {1, job.compute.isa};  // what a row takes is told of one thread
    eval_.progress = job.progress;
  }

  Comparison operator()() {
    for (const SizedRow& sized : rows_) {
      settings_.push_back(value_of(settings(sized.row, job_.search, sized.row.name)));
    }
    chosen_.assign(rows_.size(), 0);
    std::vector<Run> all = runs();
    if (job_.search > 0) {
      const std::vector<Run> tried = trials();
      all.insert(all.end(), tried.begin(), tried.end());
    }
    RunTrainer train(job_);
    train.expect(all);
    // What cannot be judged is better found before hours of training; a model reads the rows.
    train({all.front()});
    test_rows(value_of(Model::load(all.front().model)));
    for (const OutsideRow& row : job_.outside) judge(row);
    std::swap(outside_, comparison_.rows);
    if (job_.search > 0) {
      train(trials());
      choose();
      train.expect(runs());
    }
    train(runs());
    for (std::size_t r = 0; r < rows_.size(); ++r) judge(r);
    for (RowFigures& row : outside_) comparison_.rows.push_back(std::move(row));
    mark_best(comparison_);
    if (job_.explain) explain();
    return std::move(comparison_);
  }

 private:
  std::string model_path(const Row& row, std::size_t setting, std::size_t seed, std::size_t i) const {
    const std::string part = (row.configs.size() > 1 ? "." + comparison_.tasks[i].name : "") +
                             (setting > 0 ? ".s" + std::to_string(setting) : "");
    return job_.out + "/" + row.name + part + "." + std::to_string(seed) + ".model";
  }

  /// Of row `r` with a setting and a seed.
  void add_runs(std::vector<Run>& runs, std::size_t r, std::size_t setting, std::size_t seed) const {
    const Row& row = settings_[r][setting].row;
    for (std::size_t i = 0; i < row.configs.size(); ++i) {
      const NetworkInfo info = value_of(inspect_config(row.configs[i], row.name));
      runs.push_back({row.name, row.configs[i], model_path(row, setting, seed, i), seed,
                      info.forward_flops_per_row + kWorkBesideProducts});
    }
  }

  std::vector<Run> runs() const {
    std::vector<Run> runs;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      for (std::size_t seed = 1; seed <= job_.seeds; ++seed) add_runs(runs, r, chosen_[r], seed);
    }
    return runs;
  }

  /// Every setting of every row, with seed 1.
  std::vector<Run> trials() const {
    std::vector<Run> runs;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      for (std::size_t setting = 0; setting <= job_.search; ++setting) add_runs(runs, r, setting, 1);
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
        const Row& row = settings_[r][setting].row;
        double sum = 0;
        for (std::size_t i = 0; i < row.configs.size(); ++i) {
          const std::string log = model_path(row, setting, 1, i) + ".jsonl";
          sum += watched(value_of(read_training_log(log))).value_or(-INFINITY);
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
                         [&](const Task& task) { return task.name == name; });
    });
    return among ? job_.config : "";
  }

  /// The rows of --test as `model` reads them; read once for all models that read them alike.
  const LabelledRows& test_rows(const Model& model) {
    for (const LabelledRows& rows : test_) {
      if (rows.suit(model)) return rows;
    }
    test_.push_back(value_of(LabelledRows::read(model, eval_, labels_of(model))));
    return test_.back();
  }

  /// Figures of all seeds of a row on --test.
  void judge(std::size_t r) {
    const SizedRow& sized = rows_[r];
    const Row& row = settings_[r][chosen_[r]].row;
    RowFigures figures;
    figures.name = row.name;
    figures.trained = true;
    figures.setting = settings_[r][chosen_[r]].says;
    figures.equal = sized.equal;
    figures.tasks.resize(comparison_.tasks.size());
    std::vector<TrainingLog> logs;
    for (std::size_t seed = 1; seed <= job_.seeds; ++seed) {
      LabelledScores scores;
      double seconds_per_row = 0, scoring = 0;
      figures.parameters = figures.table_parameters = 0;
      figures.flops = 0;
      for (std::size_t i = 0; i < row.configs.size(); ++i) {
        const std::string path = model_path(row, chosen_[r], seed, i);
        const Model model = value_of(Model::load(path));
        const LabelledRows& rows = test_rows(model);
        LabelledScores part = value_of(rows.score(model, eval_));
        const ModelInfo info = value_of(inspect(model));
        scoring += scoring_time(info.checksum, 1e6 * part.seconds / static_cast<double>(rows.rows()));
        append(scores, std::move(part));
        logs.push_back(value_of(read_training_log(path + ".jsonl")));
        figures.table_parameters += info.table_parameter_count;
        figures.parameters += info.parameter_count - info.table_parameter_count;
        figures.flops += info.forward_flops_per_row;
        seconds_per_row += 1 / logs.back().rows_per_second();
      }
      if (row.configs.size() > 1) add_counterfactual(scores);
      figures.rows_per_second.push_back(1 / seconds_per_row);
      figures.scoring.push_back(scoring);
      if (seed == 1 && job_.on_row) job_.on_row(row.name, logs, scores);
      add(figures, std::move(scores));
    }
    comparison_.rows.push_back(std::move(figures));
  }

  /// One row is looked into: dcrnn, if it is there, else the first; each of its models.
  void explain() {
    const auto dcrnn = std::find_if(rows_.begin(), rows_.end(),
                                    [](const SizedRow& sized) { return sized.row.name == "dcrnn"; });
    const auto found = dcrnn == rows_.end() ? rows_.begin() : dcrnn;
    const Row& row = found->row;
    const std::size_t setting = chosen_[static_cast<std::size_t>(found - rows_.begin())];
    comparison_.explained = row.name;
    for (std::size_t i = 0; i < row.configs.size(); ++i) {
      const Model model = value_of(Model::load(model_path(row, setting, 1, i)));
      add(comparison_.explanation, value_of(test_rows(model).explain(model, eval_)));
    }
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
    for (std::size_t seed = 0; seed < job_.seeds; ++seed) {
      const std::string& file = row.files[row.files.size() == 1 ? 0 : seed];
      add(figures, value_of(test_.front().score_predictions(file)));
    }
    comparison_.rows.push_back(std::move(figures));
  }

  double scoring_time(const std::string& checksum, double measured) {
    if (const std::optional<double> known = timings_.find(checksum)) return *known;
    value_of(timings_.add(checksum, measured));
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
    const LabelledScores together = value_of(test_.front().score_probabilities(scores.probabilities));
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
      if (comparison_.tasks[t].parent != kNoParent) add_given_parent(figures, t, scores);
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
    keep(figures.given_parent, auc(ratio, labels, weights));
    keep(figures.given_parent_by_child, auc(child, labels, weights));
  }

  static constexpr double kWorkBesideProducts = 1000;  // of a row, in the unit of flops

  const Job& job_;
  const std::vector<SizedRow>& rows_;
  Timings timings_;
  EvalJob eval_;
  std::vector<LabelledRows> test_;
  std::vector<std::vector<Setting>> settings_;  // per row
  std::vector<std::size_t> chosen_;             // per row: which of its settings
  Comparison comparison_;
  std::vector<RowFigures> outside_;
};

/// A config of one's own may have other tasks.
void require_tasks(const Row& row, const Job& job) {
  if (row.configs.size() > 1) return;  // one for each task
  const auto same = [](const Task& a, const Task& b) { return a.name == b.name; };
  const std::vector<Task> own = tasks_of(row.configs[0]), all = tasks_of(job.config);
  if (std::equal(own.begin(), own.end(), all.begin(), all.end(), same)) return;
  fail(
      ErrorCode::usage,
      in_quotes(row.name) + ": its tasks are not those of " + printable(job.config_name) + ", in their order",
      "rows are compared task by task");
}

/// Every row once.
std::vector<SizedRow> make_rows(const Job& job) {
  std::set<std::string> names;
  const auto require_name = [&](const std::string& name, const char* unfit) {
    // Told in CSV, as text, and of what is trained in the names of files.
    if (name.empty() || name.find_first_of(unfit) != std::string::npos) {
      fail(ErrorCode::usage, "a row is called " + in_quotes(name) + ", want a name without , and \"",
           "give the row another name");
    }
    if (names.insert(name).second) return;
    fail(ErrorCode::usage, "two rows are called " + in_quotes(name),
         "name a row once, and give what is your own another name");
  };
  std::vector<Entrant> models = job.models;
  if (models.empty()) {
    for (const std::string& name : row_names()) models.push_back({name, {}});
  }
  std::vector<SizedRow> rows;
  for (const Entrant& model : models) {
    rows.push_back(value_of(make_sized_row(model, job)));
    require_tasks(rows.back().row, job);
    require_name(rows.back().row.name, ",\"\n\r\t/");
  }
  for (const OutsideRow& row : job.outside) {
    require_name(row.name, ",\"\n\r\t");
    if (row.files.size() == 1 || row.files.size() == job.seeds) continue;
    fail(ErrorCode::usage,
         "outside row " + in_quotes(row.name) + ": found " + std::to_string(row.files.size()) +
             " files, want one, or one for each of " + std::to_string(job.seeds) + " seeds",
         "give one for each seed, in their order");
  }
  return rows;
}

/// A name that is misspelt is no comparison to be kept.
void require_files(const Job& job) {
  std::vector<std::string> files = job.train;
  for (const auto* more : {&job.valid, &job.test}) files.insert(files.end(), more->begin(), more->end());
  for (const OutsideRow& row : job.outside) files.insert(files.end(), row.files.begin(), row.files.end());
  for (const std::string& file : files) {
    if (file_exists(file)) continue;
    fail(ErrorCode::io, "cannot open " + printable(file) + ": no such file or directory",
         "name a file that is there");
  }
}

}  // namespace

Result<SizedRow> make_sized_row(const Entrant& model, const Job& job) noexcept {
  return guard([&]() -> SizedRow {
    if (!model.config.empty()) return {{model.name, {model.config}}, job.equal == Equal::none};
    SizedRow sized{value_of(make_row(model.name, job.config, job.config_name))};
    if (job.equal == Equal::none) return sized;
    const Row dcrnn = value_of(make_row("dcrnn", job.config, job.config_name));
    const double target = value_of(size_of(dcrnn, job.equal, job.config_name));
    sized.equal = value_of(make_equal(sized.row, job.equal, target, job.config_name));
    return sized;
  });
}

Result<Comparison> judge(const Job& job) noexcept {
  return guard([&] { return Judge(job, make_rows(job))(); });
}

Result<Comparison> compare(const Job& job) noexcept {
  return guard([&] {
    require_files(job);
    const std::vector<SizedRow> rows = make_rows(job);
    value_of(claim(job.out, foundation(job)));
    Comparison comparison = Judge(job, rows)();
    write_figures(job.out + "/table.json", as_json(comparison));
    write_figures(job.out + "/table.csv", as_csv(comparison));
    return comparison;
  });
}

}  // namespace dcrnn::compare
