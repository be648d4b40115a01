// Tells how far a comparison is, on standard error, and takes down what a report needs of it.
#pragma once

#include <vector>

#include "app/progress.hpp"
#include "app/story.hpp"
#include "compare/job.hpp"

namespace dcrnn::app {

class ComparisonWatch {
 public:
  /// Sets the callbacks of `job`, which point to this.
  explicit ComparisonWatch(compare::Job& job);
  ComparisonWatch(const ComparisonWatch&) = delete;
  ComparisonWatch& operator=(const ComparisonWatch&) = delete;

  /// Removes what is not for good.
  void clear();
  const std::vector<Story>& stories() const { return stories_; }

 private:
  /// The bar of the training; that of the test data makes way.
  Progress& training();

  Progress training_, test_;
  std::vector<Story> stories_;
};

}  // namespace dcrnn::app
