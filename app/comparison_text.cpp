#include "app/comparison_text.hpp"

#include <algorithm>

#include "app/text.hpp"
#include "compare/statistics.hpp"

namespace dcrnn::app {
namespace {

using compare::Comparison;
using compare::Equal;
using compare::Figure;
using compare::figures;
using compare::RowFigures;

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

std::string mean_text(const std::vector<double>& values, int digits) {
  return values.empty() ? "-" : fixed(compare::spread(values).mean, digits);
}

std::vector<std::string> cost_cells(const Comparison& comparison, const RowFigures& row) {
  if (!row.trained) return {row.name, "-", "-", "-", "-", "-"};
  const bool off = comparison.equal != Equal::none && !row.equal;
  return {row.name,
          with_commas(row.parameters) + (off ? " !" : ""),
          with_commas(row.table_parameters),
          with_commas(static_cast<std::uint64_t>(row.flops)),
          mean_text(row.rows_per_second, 0),
          mean_text(row.scoring, 2)};
}

/// How the sizes came about.
std::string size_note(const Comparison& comparison) {
  if (comparison.equal == Equal::none) return "widths are those of the config for every row\n";
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

std::vector<std::vector<std::vector<std::string>>> tables(const Comparison& comparison) {
  std::vector<std::vector<std::vector<std::string>>> made;
  for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
    std::vector<std::vector<std::string>>& rows = made.emplace_back();
    rows = {{comparison.tasks[t].name}};
    for (const Figure& figure : figures()) {
      if (has(comparison, t, figure)) rows[0].emplace_back(figure.title);
    }
    for (const RowFigures& row : comparison.rows) {
      rows.push_back({row.name + (row.tasks[t].best ? " *" : "")});
      for (const Figure& figure : figures()) {
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

}  // namespace dcrnn::app
