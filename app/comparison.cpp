#include "app/comparison.hpp"

#include <algorithm>

#include "app/json.hpp"
#include "app/options.hpp"
#include "app/text.hpp"
#include "compare/statistics.hpp"

namespace dcrnn::app {
namespace {

constexpr double kLevel = 0.05;

struct Figure {
  const char* name;
  const char* title;
  std::vector<double> TaskFigures::*values;
};
const Figure kFigures[] = {
    {"auc", "AUC", &TaskFigures::auc},
    {"logloss", "log loss", &TaskFigures::logloss},
    {"ece", "ECE", &TaskFigures::ece},
    {"auc_given_parent", "AUC given parent", &TaskFigures::given_parent},
    {"auc_given_parent_by_child", "the same by p_child", &TaskFigures::given_parent_by_child},
    {"gauc", "GAUC", &TaskFigures::gauc},
    {"gap", "gap to truth", &TaskFigures::gap},
    {"counterfactual_bias", "counterfactual bias", &TaskFigures::counterfactual_bias},
    {"counterfactual_gap", "counterfactual gap", &TaskFigures::counterfactual_gap}};

/// Whether any row has the figure.
bool has(const Comparison& comparison, std::size_t t, const Figure& figure) {
  return std::any_of(comparison.rows.begin(), comparison.rows.end(),
                     [&](const RowFigures& row) { return !(row.tasks[t].*figure.values).empty(); });
}

std::string spread_text(const std::vector<double>& values) {
  if (values.empty()) return "-";
  const auto [mean, deviation] = compare::spread(values);
  return fixed(mean, 5) + (values.size() < 2 ? "" : " +- " + fixed(deviation, 5));
}

/// The row with the highest mean AUC of the task; nothing where a row has none.
std::optional<std::size_t> leader(const Comparison& comparison, std::size_t t) {
  std::size_t best = 0;
  double highest = -1;
  for (std::size_t r = 0; r < comparison.rows.size(); ++r) {
    const std::vector<double>& auc = comparison.rows[r].tasks[t].auc;
    if (auc.size() != comparison.seeds) return std::nullopt;
    if (const double mean = compare::spread(auc).mean; mean > highest) {
      highest = mean;
      best = r;
    }
  }
  return best;
}

/// Tests `second` against `first`, which leads. The larger p of both tests: small where both say that the
/// rows differ.
double test(const TaskFigures& first, TaskFigures& second, const std::vector<std::int8_t>& labels) {
  std::vector<double> a, b;
  std::vector<std::uint8_t> known;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    a.push_back(first.logit[i]);
    b.push_back(second.logit[i]);
    known.push_back(static_cast<std::uint8_t>(labels[i]));
  }
  second.delong_p = compare::delong_p(a, b, known);
  second.t_p = compare::paired_t_p(first.auc, second.auc);
  return std::max(*second.delong_p, *second.t_p);
}

/// Figures of what a row costs.
struct Cost {
  const char* name;
  std::vector<double> RowFigures::*values;
};
const Cost kCosts[] = {{"training_rows_per_second", &RowFigures::rows_per_second},
                       {"scoring_us", &RowFigures::scoring}};

std::string mean_text(const std::vector<double>& values, int digits) {
  return values.empty() ? "-" : fixed(compare::spread(values).mean, digits);
}

std::vector<std::string> cost_cells(const Comparison& comparison, const RowFigures& row) {
  if (!row.trained) return {row.name, "-", "-", "-", "-", "-"};
  const bool off = comparison.equal != compare::Equal::none && !row.equal;
  return {row.name,
          with_commas(row.parameters) + (off ? " !" : ""),
          with_commas(row.table_parameters),
          with_commas(static_cast<std::uint64_t>(row.flops)),
          mean_text(row.rows_per_second, 0),
          mean_text(row.scoring, 2)};
}

/// How the sizes came about.
std::string size_note(const Comparison& comparison) {
  if (comparison.equal == compare::Equal::none) return "widths are those of the config for every row\n";
  std::string note = std::string("widths chosen for equal ") + word(comparison.equal) + ", those of dcrnn\n";
  if (std::any_of(comparison.rows.begin(), comparison.rows.end(),
                  [](const RowFigures& row) { return row.trained && !row.equal; })) {
    note += "! not of that size: no width brings it there, or a config of its own\n";
  }
  return note;
}

/// What the searches chose, a line each.
std::string searched(const Comparison& comparison) {
  std::string text;
  for (const RowFigures& row : comparison.rows) {
    if (row.trained) text += "  " + row.name + ": " + row.setting + "\n";
  }
  return text;
}

std::string verdict(const Comparison& comparison) {
  if (comparison.rows.size() < 2) return "one row: nothing to test\n";
  if (comparison.seeds < 2) return "one seed: no test, and no row is marked\n";
  if (comparison.tests == 0) return "no task has an AUC in every row: no test, and no row is marked\n";
  return "* best: AUC above every other row at .05 by DeLong's test and by the paired t test over seeds, "
         "Holm-corrected for " +
         with_commas(comparison.tests) + " comparisons\n";
}

}  // namespace

void mark_best(Comparison& comparison) {
  if (comparison.seeds < 2 || comparison.rows.size() < 2) return;
  std::vector<TaskFigures*> leaders, tested;
  std::vector<double> p;
  for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
    const std::optional<std::size_t> best = leader(comparison, t);
    if (!best) continue;
    leaders.push_back(&comparison.rows[*best].tasks[t]);
    leaders.back()->leads = true;
    for (std::size_t r = 0; r < comparison.rows.size(); ++r) {
      if (r == *best) continue;
      tested.push_back(&comparison.rows[r].tasks[t]);
      p.push_back(test(*leaders.back(), *tested.back(), comparison.labels[t]));
    }
  }
  comparison.tests = p.size();
  const std::vector<double> corrected = compare::holm(p);
  for (std::size_t i = 0; i < tested.size(); ++i) tested[i]->corrected_p = corrected[i];
  const auto others = static_cast<std::ptrdiff_t>(comparison.rows.size() - 1);
  auto begin = corrected.begin();
  for (TaskFigures* const figures : leaders) {
    figures->best = std::all_of(begin, begin + others, [](double value) { return value <= kLevel; });
    begin += others;
  }
}

std::vector<std::vector<std::vector<std::string>>> tables(const Comparison& comparison) {
  std::vector<std::vector<std::vector<std::string>>> made;
  for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
    std::vector<std::vector<std::string>>& rows = made.emplace_back();
    rows = {{comparison.tasks[t].name}};
    for (const Figure& figure : kFigures) {
      if (has(comparison, t, figure)) rows[0].emplace_back(figure.title);
    }
    for (const RowFigures& row : comparison.rows) {
      rows.push_back({row.name + (row.tasks[t].best ? " *" : "")});
      for (const Figure& figure : kFigures) {
        if (has(comparison, t, figure)) rows.back().push_back(spread_text(row.tasks[t].*figure.values));
      }
    }
  }
  std::vector<std::vector<std::string>>& costs = made.emplace_back();
  costs = {{"cost", "parameters", "in tables", "flops per row", "training rows/s", "scoring us per row"}};
  for (const RowFigures& row : comparison.rows) costs.push_back(cost_cells(comparison, row));
  return made;
}

std::string summary(const Comparison& comparison) {
  return with_commas(comparison.seeds) + (comparison.seeds == 1 ? " seed" : " seeds") +
         (comparison.search == 0
              ? "; no search: every row has the config's settings\n"
              : "; settings of each row by a search of its own on --valid\n" + searched(comparison)) +
         size_note(comparison) + verdict(comparison);
}

std::string as_table(const Comparison& comparison) {
  std::string text;
  for (const auto& rows : tables(comparison)) text += table(rows) + "\n";
  return text + summary(comparison);
}

namespace {

void add_list(JsonWriter& json, const char* name, const std::vector<double>& values) {
  json.key(name).begin_list();
  for (const double value : values) json.value(value);
  json.end_list();
}

std::string csv_line(const std::string& row, const std::string& task, const char* figure,
                     const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto [mean, deviation] = compare::spread(values);
  return row + "," + task + "," + figure + "," + number_text(mean) + "," + number_text(deviation) + "," +
         std::to_string(values.size()) + "\n";
}

}  // namespace

const char* word(compare::Equal equal) {
  switch (equal) {
    case compare::Equal::parameters:
      return "parameters";
    case compare::Equal::flops:
      return "flops";
    case compare::Equal::none:
      break;
  }
  return "none";
}

std::string as_json(const Comparison& comparison) {
  JsonWriter json;
  json.begin_object().member("seeds", comparison.seeds).member("search", comparison.search);
  json.member("equal", word(comparison.equal)).member("tests", comparison.tests).key("rows").begin_object();
  for (const RowFigures& row : comparison.rows) {
    json.key(row.name).begin_object().member("trained", row.trained);
    if (row.trained) {
      json.member("parameters", row.parameters).member("table_parameters", row.table_parameters);
      json.member("setting", row.setting);
      json.member("flops_per_row", row.flops).member("equal", row.equal);
      for (const Cost& cost : kCosts) add_list(json, cost.name, row.*cost.values);
    }
    json.key("tasks").begin_object();
    for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
      const TaskFigures& figures = row.tasks[t];
      json.key(comparison.tasks[t].name).begin_object();
      json.member("leads", figures.leads).member("best", figures.best).member("delong_p", figures.delong_p);
      json.member("t_p", figures.t_p).member("corrected_p", figures.corrected_p);
      for (const Figure& figure : kFigures) add_list(json, figure.name, figures.*figure.values);
      json.end_object();
    }
    json.end_object().end_object();
  }
  return json.end_object().end_object().text() + "\n";
}

std::string as_csv(const Comparison& comparison) {
  std::string text = "row,task,figure,mean,deviation,seeds\n";
  for (const RowFigures& row : comparison.rows) {
    for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
      for (const Figure& figure : kFigures) {
        text += csv_line(row.name, comparison.tasks[t].name, figure.name, row.tasks[t].*figure.values);
      }
    }
    for (const Cost& cost : kCosts) text += csv_line(row.name, "", cost.name, row.*cost.values);
  }
  return text;
}

}  // namespace dcrnn::app
