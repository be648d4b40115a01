#include "api/reports.hpp"

namespace dcrnn::api {

std::vector<TaskReport> task_reports(const ModelConfig& config,
                                     const std::vector<train::TaskMetrics>& metrics) {
  std::vector<TaskReport> reports;
  for (std::size_t t = 0; t < metrics.size(); ++t) {
    const train::TaskMetrics& m = metrics[t];
    reports.push_back({config.tasks[t].name, m.rows, m.positives, m.auc, m.logloss, m.ece, m.mean_prediction,
                       m.mean_label, m.chain_child, m.auc_given_parent, m.truth_auc});
  }
  return reports;
}

}  // namespace dcrnn::api
