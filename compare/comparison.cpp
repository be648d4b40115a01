#include "compare/comparison.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compare/statistics.hpp"
#include "core/text.hpp"

namespace dcrnn::compare {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLevel = 0.05;

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

/// The row with the highest mean AUC of the task; nothing where a row has none.
std::optional<std::size_t> leader(const Comparison& comparison, std::size_t t) {
  std::size_t best = 0;
  double highest = -1;
  for (std::size_t r = 0; r < comparison.rows.size(); ++r) {
    const std::vector<double>& auc = comparison.rows[r].tasks[t].auc;
    if (auc.size() != comparison.seeds) return std::nullopt;
    if (const double mean = spread(auc).mean; mean > highest) {
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
  second.delong_p = delong_p(a, b, known);
  second.t_p = paired_t_p(first.auc, second.auc);
  return std::max(*second.delong_p, *second.t_p);
}

/// Figures of what a row costs.
struct Cost {
  const char* name;
  std::vector<double> RowFigures::*values;
};
const Cost kCosts[] = {{"training_rows_per_second", &RowFigures::rows_per_second},
                       {"scoring_us", &RowFigures::scoring}};

Json json_of(const std::optional<double>& number) {
  return number ? Json(*number) : Json();
}

std::string csv_line(const std::string& row, const std::string& task, const char* figure,
                     const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto [mean, deviation] = spread(values);
  return row + "," + task + "," + figure + "," + number_text(mean) + "," + number_text(deviation) + "," +
         std::to_string(values.size()) + "\n";
}

}  // namespace

std::span<const Figure> figures() {
  return kFigures;
}

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
  const std::vector<double> corrected = holm(p);
  for (std::size_t i = 0; i < tested.size(); ++i) tested[i]->corrected_p = corrected[i];
  const auto others = static_cast<std::ptrdiff_t>(comparison.rows.size() - 1);
  auto begin = corrected.begin();
  for (TaskFigures* const figures : leaders) {
    figures->best = std::all_of(begin, begin + others, [](double value) { return value <= kLevel; });
    begin += others;
  }
}

const char* word(Equal equal) {
  switch (equal) {
    case Equal::parameters:
      return "parameters";
    case Equal::flops:
      return "flops";
    case Equal::none:
      break;
  }
  return "none";
}

std::string as_json(const Comparison& comparison) {
  Json rows = Json::object();
  for (const RowFigures& row : comparison.rows) {
    Json& to = rows[row.name];
    to["trained"] = row.trained;
    if (row.trained) {
      to["parameters"] = row.parameters;
      to["table_parameters"] = row.table_parameters;
      to["setting"] = row.setting;
      to["flops_per_row"] = row.flops;
      to["equal"] = row.equal;
      for (const Cost& cost : kCosts) to[cost.name] = row.*cost.values;
    }
    for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
      const TaskFigures& figures = row.tasks[t];
      Json& task = to["tasks"][comparison.tasks[t].name];
      task["leads"] = figures.leads;
      task["best"] = figures.best;
      task["delong_p"] = json_of(figures.delong_p);
      task["t_p"] = json_of(figures.t_p);
      task["corrected_p"] = json_of(figures.corrected_p);
      for (const Figure& figure : kFigures) task[figure.name] = figures.*figure.values;
    }
  }
  const Json told = {{"seeds", comparison.seeds},
                     {"search", comparison.search},
                     {"equal", word(comparison.equal)},
                     {"tests", comparison.tests},
                     {"rows", std::move(rows)}};
  return told.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
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

}  // namespace dcrnn::compare
