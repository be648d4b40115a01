#include "app/report.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "app/comparison_text.hpp"
#include "app/failure.hpp"
#include "app/text.hpp"
#include "compare/statistics.hpp"
#include "compare/text_file.hpp"
#include "report/page.hpp"

namespace dcrnn::app {
namespace {

bool has_members(const std::vector<Story>& stories) {
  return std::any_of(stories.begin(), stories.end(), [](const Story& story) {
    return std::any_of(story.auc.begin(), story.auc.end(),
                       [](const auto& curves) { return curves.size() > 1; });
  });
}

/// Of one model a curve for each member, of several that of the first.
void add_curves(report::Page& page, const std::vector<std::string>& tasks,
                const std::vector<Story>& stories) {
  const bool any = std::any_of(stories.begin(), stories.end(), [](const Story& story) {
    return std::any_of(story.auc.begin(), story.auc.end(),
                       [](const auto& curves) { return !curves.empty(); });
  });
  if (!any) return;
  const bool one = stories.size() == 1, members = has_members(stories);
  page.section("Learning curves", "AUC on the validation data after each epoch" +
                                      std::string(one ? "" : ", of seed 1") +
                                      (!members ? "."
                                       : one    ? ", of each member by itself."
                                                : ", of the first member by itself."));
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    report::LineChart chart{tasks[t], {"epoch", {}, {}, true}, {"AUC", {}, {}}, {}};
    for (const Story& story : stories) {
      if (t >= story.auc.size() || story.auc[t].empty()) continue;
      const std::size_t shown = one ? story.auc[t].size() : 1;
      for (std::size_t i = 0; i < shown; ++i) {
        chart.series.push_back({shown > 1 ? "member " + std::to_string(i) : story.name, story.auc[t][i]});
      }
    }
    page.chart(draw(chart));
  }
}

void add_calibrations(report::Page& page, const std::vector<std::string>& tasks,
                      const std::vector<Story>& stories) {
  page.section(
      "Calibration",
      "Ten bins of equal count by p: the share of positives against the mean p; of up to three models "
      "with its standard error. On the line p is what happens" +
          std::string(stories.size() > 1 ? "; of seed 1." : "."));
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    report::LineChart chart{tasks[t], {"mean p", 0, {}}, {"positives", 0, {}}, {}, true, true};
    for (const Story& story : stories) {
      if (t >= story.calibration.size()) continue;
      report::Series& series = chart.series.emplace_back(report::Series{story.name, story.calibration[t]});
      // Of many models the errors would hide the lines.
      if (stories.size() > 3)
        for (report::Point& point : series.points) point.spread = 0;
    }
    page.chart(draw(chart));
  }
}

void add_interference(report::Page& page, const std::vector<Story>& stories) {
  std::vector<const Story*> told;
  for (const Story& story : stories) {
    if (!story.interference.empty()) told.push_back(&story);
  }
  if (told.empty()) return;
  page.section(
      "Interference over time",
      "The cosine of two tasks' gradients on the parameters they share, mean over the steps of an epoch that "
      "were looked at" +
          std::string(has_members(stories) ? ", in the first member" : "") +
          ". Below zero what helps one hurts the other.");
  for (const Story* story : told) {
    page.chart(draw(
        report::LineChart{story->name, {"epoch", {}, {}, true}, {"cosine", {}, {}}, story->interference}));
  }
}

void add_explanation(report::Page& page, const Explanation& explanation, const std::string& name) {
  page.section("Importance of " + name,
               "By how much the AUC falls when a column of the data is shuffled among " +
                   with_commas(explanation.rows) +
                   " of the rows. Columns that say the same stand in for each other.");
  for (std::size_t t = 0; t < explanation.tasks.size(); ++t) {
    report::ValueChart chart{explanation.tasks[t], "AUC lost", {}, true};
    for (const ColumnImportance& column : explanation.importance) {
      if (column.auc_lost[t]) chart.values.push_back({column.column, *column.auc_lost[t]});
    }
    std::stable_sort(
        chart.values.begin(), chart.values.end(),
        [](const report::NamedValue& a, const report::NamedValue& b) { return a.value > b.value; });
    if (!chart.values.empty()) page.chart(draw(chart));
  }
  if (explanation.gates.empty()) return;
  page.section(
      "Gates of " + name,
      "Means over rows, from 0 (empty) to 1 (full), by the names of docs/trace.md. Sharing: how much of each "
      "shared unit, or which expert, a task lets in. Cross layers: z, how much of its state a layer keeps, "
      "r, how much of it its candidate reads, by the field that fills it.");
  std::vector<std::string> done;
  for (const GateMeans& gate : explanation.gates) {
    // One chart for all tasks of a block, and for all layers.
    const bool cross = !gate.fields.empty();
    const std::string member = gate.name.substr(0, gate.name.find(cross ? "cross." : "sharing."));
    const std::string group = cross ? member + "cross " + gate.name.substr(gate.name.rfind('.') + 1)
                                    : gate.name.substr(0, gate.name.find('.', member.size() + 8));
    if (std::find(done.begin(), done.end(), group) != done.end()) continue;
    done.push_back(group);
    report::ShadeChart chart{group, cross ? "cross layers" : "units or experts", {}, {}};
    if (cross) {
      chart.rows = gate.fields;
      chart.shades.resize(gate.fields.size());
    }
    for (const GateMeans& other : explanation.gates) {
      if (cross && !other.fields.empty() && other.name.starts_with(member + "cross.") &&
          other.name.ends_with(gate.name.substr(gate.name.rfind('.')))) {
        for (std::size_t f = 0; f < chart.rows.size(); ++f) chart.shades[f].push_back(other.mean[f]);
      } else if (!cross && other.fields.empty() && other.name.starts_with(group + ".")) {
        const std::size_t begin = group.size() + 1;
        chart.rows.push_back(other.name.substr(begin, other.name.rfind('.') - begin));
        chart.shades.push_back(other.mean);
      }
    }
    page.chart(draw(chart));
  }
}

void add_quality(report::Page& page, const compare::Comparison& comparison) {
  page.section("AUC",
               "On the test data, mean and standard deviation over the seeds. Bold: shown to be best.");
  for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
    report::ValueChart chart{comparison.tasks[t].name, "AUC", {}};
    for (const compare::RowFigures& row : comparison.rows) {
      const compare::TaskFigures& figures = row.tasks[t];
      if (figures.auc.empty()) continue;
      const auto [mean, deviation] = compare::spread(figures.auc);
      chart.values.push_back({row.name, mean, deviation, figures.best});
    }
    if (!chart.values.empty()) page.chart(draw(chart));
  }
}

void add_cost(report::Page& page, const compare::Comparison& comparison) {
  page.section(
      "Cost against quality",
      "Up is better, left is cheaper: multiplications and additions to score a row, in thousands. Of up to "
      "three rows with the standard deviation.");
  const auto trained = std::count_if(comparison.rows.begin(), comparison.rows.end(),
                                     [](const compare::RowFigures& row) { return row.trained; });
  for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
    report::LineChart chart{
        comparison.tasks[t].name, {"1000 flops per row", 0, {}}, {"AUC", {}, {}}, {}, false};
    for (const compare::RowFigures& row : comparison.rows) {
      if (!row.trained || row.tasks[t].auc.empty()) continue;
      const auto [mean, deviation] = compare::spread(row.tasks[t].auc);
      // Of many rows the bars would hide the points.
      chart.series.push_back({row.name, {{row.flops / 1000, mean, trained > 3 ? 0 : deviation}}});
    }
    page.chart(draw(chart));
  }
}

void write(const std::string& path, const report::Page& page) {
  take(compare::write_text(path, page.html()));
}

}  // namespace

void add_report(CLI::App& command, std::string& target) {
  command
      .add_option("--report", target, "page of HTML with figures as charts, for any browser; default: none")
      ->type_name("FILE");
}

void check_report(const std::string& path, const std::vector<std::string>& reads) {
  take(compare::check_output("the report", path, reads));
}

void write_model_report(const std::string& report, const std::string& path,
                        const std::vector<std::string>& data, const EvalJob& job) {
  const Model model = take(Model::load(path));
  const std::vector<std::string> tasks = model.tasks();
  EvalJob reading = job;
  reading.data = data;
  const LabelledRows rows = take(LabelledRows::read(model, reading));
  const LabelledScores scores = take(rows.score(model, reading));
  std::vector<compare::TrainingLog> logs;
  if (std::error_code none; std::filesystem::exists(path + ".jsonl", none)) {
    logs.push_back(take(compare::read_training_log(path + ".jsonl")));
  }
  const Story story = story_of(std::filesystem::path(path).filename().string(), logs, scores);
  report::Page page("dcrnn: " + one_line(story.name));
  std::string on = with_commas(rows.rows()) + " rows of " + one_line(joined(data)) + ".";
  page.section("Quality", "Measured on " + on);
  std::vector<std::vector<std::string>> table = {
      {"task", "positives", "AUC", "log loss", "ECE", "mean p", "mean y"}};
  for (const TaskReport& task : scores.report.tasks) {
    table.push_back({task.task, with_commas(task.positives), fixed(task.auc, 5), fixed(task.logloss, 5),
                     fixed(task.ece, 5), fixed(task.mean_prediction, 5), fixed(task.mean_label, 5)});
  }
  page.table(table);
  add_curves(page, tasks, {story});
  add_calibrations(page, tasks, {story});
  add_explanation(page, take(rows.explain(model, reading)), one_line(story.name));
  add_interference(page, {story});
  write(report, page);
}

void write_comparison_report(const std::string& report, const compare::Comparison& comparison,
                             const std::vector<Story>& stories) {
  std::vector<std::string> tasks;
  for (const compare::Task& task : comparison.tasks) tasks.push_back(task.name);
  report::Page page("dcrnn compare");
  page.section("Figures", summary(comparison));
  for (const auto& table : tables(comparison)) page.table(table);
  add_quality(page, comparison);
  add_cost(page, comparison);
  add_curves(page, tasks, stories);
  add_calibrations(page, tasks, stories);
  if (comparison.explanation) add_explanation(page, *comparison.explanation, comparison.explained);
  add_interference(page, stories);
  write(report, page);
}

}  // namespace dcrnn::app
