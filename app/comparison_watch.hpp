// Tells how far a comparison is, on standard error.
#pragma once

#include "app/progress.hpp"
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

 private:
  /// The bar of the training; that of the test data makes way.
  Progress& training();

  Progress training_, test_;
};

}  // namespace dcrnn::app
