#include "train/interference.hpp"

#include <algorithm>

namespace dcrnn::train {

void InterferenceSums::add(const model::Interference& step) {
  double* to = sums_.data();
  *to++ += 1;
  for (const double norm : step.norm) *to++ += norm;
  for (const double cosine : step.cosine) *to++ += cosine;
  for (const double cosine : step.cosine) *to++ += cosine < 0 ? 1 : 0;
}

std::optional<InterferenceReport> InterferenceSums::report(const std::vector<Task>& tasks) const {
  if (sums_.empty() || sums_[0] == 0) return std::nullopt;
  InterferenceReport report;
  report.steps = static_cast<std::size_t>(sums_[0]);
  for (const Task& task : tasks) report.tasks.push_back(task.name);
  const double* from = sums_.data() + 1;
  const auto means = [&](std::size_t count) {
    std::vector<double> all(from, from + count);
    for (double& one : all) one /= sums_[0];
    from += count;
    return all;
  };
  report.norm = means(T_);
  report.cosine = means(T_ * T_);
  report.negative = means(T_ * T_);
  return report;
}

void InterferenceSums::clear() {
  std::fill(sums_.begin(), sums_.end(), 0.0);
}

}  // namespace dcrnn::train
