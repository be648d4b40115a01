// What a comparison has found, and how it is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/story.hpp"
#include "compare/rows.hpp"
#include "compare/widths.hpp"

namespace dcrnn::app {

/// Figures of one task, a number per seed; an undefined one is left out.
struct TaskFigures {
  std::vector<double> auc, logloss, ece;
  std::vector<double> given_parent;           ///< AUC among the parent's positives, by p_child / p_parent
  std::vector<double> given_parent_by_child;  ///< the same by p_child
  std::vector<double> gauc;
  // Where the test file has the truth.
  std::vector<double> gap;                                      ///< of the AUC to that of the truth
  std::vector<double> counterfactual_bias, counterfactual_gap;  ///< of P(task | parent) without the parent
  std::vector<double> logit;  ///< [rows of --test]: log odds of p, summed over the seeds
  bool leads = false;         ///< has the highest mean AUC, where it was tested
  bool best = false;          ///< both tests say so against every other row
  // Of a row that was tested against the one that leads.
  std::optional<double> delong_p, t_p;
  std::optional<double> corrected_p;  ///< of the larger of both, by Holm's method over all tasks
};

struct RowFigures {
  std::string name;
  std::vector<TaskFigures> tasks;
  // Of rows that were trained here; sums where a row is several models.
  bool trained = false;
  std::string setting;         ///< that its search chose
  bool equal = true;           ///< its size is that of the row dcrnn, where that was asked for
  std::size_t parameters = 0;  ///< without tables
  std::size_t table_parameters = 0;
  double flops = 0;                              ///< forward, per row
  std::vector<double> rows_per_second, scoring;  ///< training; microseconds per row; a number per seed
};

struct Comparison {
  std::vector<compare::Task> tasks;
  std::vector<std::vector<std::int8_t>> labels;  ///< [T][rows of --test]: -1 where missing
  std::size_t seeds = 0, search = 0;
  compare::Equal equal = compare::Equal::parameters;
  std::vector<RowFigures> rows;
  std::size_t tests = 0;                   ///< comparisons of two rows that the p are corrected for
  std::vector<Story> stories;              ///< of the rows, for a report
  std::optional<Explanation> explanation;  ///< of one row, likewise
  std::string explained;                   ///< its name
};

/// Marks each task's best row, where there is one: DeLong's test and the t test over seeds both say, at .05
/// after Holm's correction over all tasks, that its AUC is above that of every other row.
void mark_best(Comparison& comparison);

/// A table for each task, and one of cost; the first row of each heads the columns.
std::vector<std::vector<std::vector<std::string>>> tables(const Comparison& comparison);
/// What the tables stand on, in lines.
std::string summary(const Comparison& comparison);
/// All of that as text.
std::string as_table(const Comparison& comparison);
std::string as_json(const Comparison& comparison);
std::string as_csv(const Comparison& comparison);

/// "parameters", "flops", "none"
const char* word(compare::Equal equal);

}  // namespace dcrnn::app
