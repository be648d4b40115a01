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
    {"gauc", "GAUC", &TaskFigures::gauc}};

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

/// The larger p of both tests: small where both say that the rows differ.
double p_of(const TaskFigures& first, const TaskFigures& second, const std::vector<std::int8_t>& labels) {
  std::vector<double> a, b;
  std::vector<std::uint8_t> known;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    a.push_back(first.logit[i]);
    b.push_back(second.logit[i]);
    known.push_back(static_cast<std::uint8_t>(labels[i]));
  }
  return std::max(compare::delong_p(a, b, known), compare::paired_t_p(first.auc, second.auc));
}

std::string verdict(const Comparison& comparison) {
  if (comparison.rows.size() < 2) return "one row: nothing to test\n";
  if (comparison.seeds < 2) return "one seed: no test, and no row is marked\n";
  return "* best: AUC above every other row at .05 by DeLong's test and by the paired t test over seeds, "
         "Holm-corrected for " +
         with_commas(comparison.tests) + " comparisons\n";
}

}  // namespace

void mark_best(Comparison& comparison) {
  if (comparison.seeds < 2 || comparison.rows.size() < 2) return;
  struct Pair {
    std::size_t task, row;
  };
  std::vector<Pair> leaders;
  std::vector<double> p;
  for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
    const std::optional<std::size_t> best = leader(comparison, t);
    if (!best) continue;
    leaders.push_back({t, *best});
    const TaskFigures& figures = comparison.rows[*best].tasks[t];
    for (std::size_t r = 0; r < comparison.rows.size(); ++r) {
      if (r != *best) p.push_back(p_of(figures, comparison.rows[r].tasks[t], comparison.labels[t]));
    }
  }
  comparison.tests = p.size();
  const std::vector<double> corrected = compare::holm(p);
  const auto others = static_cast<std::ptrdiff_t>(comparison.rows.size() - 1);
  auto begin = corrected.begin();
  for (const Pair& pair : leaders) {
    comparison.rows[pair.row].tasks[pair.task].best =
        std::all_of(begin, begin + others, [](double value) { return value <= kLevel; });
    begin += others;
  }
}

std::string as_table(const Comparison& comparison) {
  std::string text;
  for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
    std::vector<std::vector<std::string>> rows = {{comparison.tasks[t].name}};
    for (const Figure& figure : kFigures) {
      if (has(comparison, t, figure)) rows[0].emplace_back(figure.title);
    }
    for (const RowFigures& row : comparison.rows) {
      rows.push_back({row.name + (row.tasks[t].best ? " *" : "")});
      for (const Figure& figure : kFigures) {
        if (has(comparison, t, figure)) rows.back().push_back(spread_text(row.tasks[t].*figure.values));
      }
    }
    text += table(rows) + "\n";
  }
  std::vector<std::vector<std::string>> costs = {{"cost", "parameters", "flops per row"}};
  for (const RowFigures& row : comparison.rows) {
    costs.push_back(
        {row.name, with_commas(row.parameters), with_commas(static_cast<std::uint64_t>(row.flops))});
  }
  return text + table(costs) + "\n" + with_commas(comparison.seeds) +
         (comparison.seeds == 1 ? " seed" : " seeds") +
         "; settings and widths are those of the config for every row: no search, sizes not made equal\n" +
         verdict(comparison);
}

std::string as_json(const Comparison& comparison) {
  JsonWriter json;
  json.begin_object().member("seeds", comparison.seeds).member("search", std::size_t{0});
  json.member("equal", "none").member("tests", comparison.tests).key("rows").begin_object();
  for (const RowFigures& row : comparison.rows) {
    json.key(row.name).begin_object().member("parameters", row.parameters);
    json.member("flops_per_row", row.flops).key("tasks").begin_object();
    for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
      json.key(comparison.tasks[t].name).begin_object().member("best", row.tasks[t].best);
      for (const Figure& figure : kFigures) {
        json.key(figure.name).begin_list();
        for (const double value : row.tasks[t].*figure.values) json.value(value);
        json.end_list();
      }
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
        const std::vector<double>& values = row.tasks[t].*figure.values;
        if (values.empty()) continue;
        const auto [mean, deviation] = compare::spread(values);
        text += row.name + "," + comparison.tasks[t].name + "," + figure.name + "," + number_text(mean) +
                "," + number_text(deviation) + "," + std::to_string(values.size()) + "\n";
      }
    }
  }
  return text;
}

}  // namespace dcrnn::app
