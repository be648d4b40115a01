// What the gradients of the tasks had to do with each other in the steps of an epoch that were looked at.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "dcrnn/files.hpp"
#include "model/task_gradients.hpp"

namespace dcrnn::train {

class InterferenceSums {
 public:
  /// For T tasks; 0: nothing will be added.
  explicit InterferenceSums(std::size_t T) : T_(T), sums_(T == 0 ? 0 : 1 + T + 2 * T * T) {}

  void add(const model::Interference& step);
  /// The means so far; nothing if no step was looked at.
  std::optional<InterferenceReport> report(const std::vector<Task>& tasks) const;
  void clear();
  /// All there is to keep, for a checkpoint.
  std::span<double> state() { return sums_; }

 private:
  std::size_t T_;
  std::vector<double> sums_;  ///< number of steps, norms [T], cosines [T, T], negative cosines [T, T]
};

}  // namespace dcrnn::train
