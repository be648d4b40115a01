// What a comparison has found.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compare/rows.hpp"
#include "compare/widths.hpp"
#include "dcrnn/scores.hpp"

namespace dcrnn::compare {

/// Figures of one task, a number per seed; an undefined one is left out.
struct TaskFigures {
  std::vector<double> auc, logloss, ece;
  std::vector<double> given_parent;           ///< AUC among the parent's positives, by p_child / p_parent
  std::vector<double> given_parent_by_child;  ///< the same by p_child
  std::vector<double> gauc;
  // Where the test file has the truth.
  std::vector<double> gap;                                      ///< of the AUC to that of the truth
  std::vector<double> counterfactual_bias, counterfactual_gap;  ///< of P(task | parent) without the parent
  std::vector<double> logit;  ///< [rows of the test data]: log odds of p, summed over the seeds
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
  std::vector<Task> tasks;
  std::vector<std::vector<std::int8_t>> labels;  ///< [T][rows of the test data]: -1 where missing
  std::size_t seeds = 0, search = 0;
  Equal equal = Equal::parameters;
  std::vector<RowFigures> rows;
  std::size_t tests = 0;                   ///< comparisons of two rows that the p are corrected for
  std::optional<Explanation> explanation;  ///< of one row, where it was asked for
  std::string explained;                   ///< its name
};

/// A figure of a task, by its name in files and its title in tables.
struct Figure {
  const char* name;
  const char* title;
  std::vector<double> TaskFigures::*values;
};
std::span<const Figure> figures();

/// Marks each task's best row, where there is one: DeLong's test and the t test over seeds both say, at .05
/// after Holm's correction over all tasks, that its AUC is above that of every other row.
void mark_best(Comparison& comparison);

std::string as_json(const Comparison& comparison);
std::string as_csv(const Comparison& comparison);

/// "parameters", "flops", "none"
const char* word(Equal equal);

}  // namespace dcrnn::compare
