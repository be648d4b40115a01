// What a report tells of one model beside its figures.
#pragma once

#include <string>
#include <vector>

#include "compare/training_log.hpp"
#include "dcrnn/scores.hpp"
#include "report/chart.hpp"

namespace dcrnn::app {

struct Story {
  std::string name;
  std::vector<std::vector<std::vector<report::Point>>>
      auc;  ///< [T][members]: on the validation data, by epoch
  std::vector<std::vector<report::Point>>
      calibration;  ///< [T]: share of positives by p, ten bins of equal count
  std::vector<report::Series>
      interference;  ///< per pair of tasks: cosine of their gradients in the first member, by epoch
};

/// Adds what the log of a training run says; its tasks are among `tasks`.
void add_log(Story& story, const std::vector<std::string>& tasks, const compare::TrainingLog& log);

/// Adds the calibration of all tasks.
void add_calibration(Story& story, const LabelledScores& scores);

}  // namespace dcrnn::app
