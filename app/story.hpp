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
      auc;  ///< [T][members]: on the validation data, by epoch; empty without a log
  std::vector<std::vector<report::Point>>
      calibration;  ///< [T]: share of positives by p, ten bins of equal count
  std::vector<report::Series>
      interference;  ///< per pair of tasks: cosine of their gradients in the first member, by epoch
};

/// `logs`: of the training runs, perhaps one for each task of `scores`.
Story story_of(const std::string& name, const std::vector<compare::TrainingLog>& logs,
               const LabelledScores& scores);

}  // namespace dcrnn::app
