// The models that a comparison trains.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "compare/job.hpp"

namespace dcrnn::compare {

/// One model to train.
struct Run {
  std::string name, config, model;
  std::size_t seed = 1;
  double work = 1;  ///< about how long it takes, in any unit
};

/// Trains the runs of a comparison, what was trained before left as it is. Failure(model) for a model that
/// another config made, Failure as fit()'s error; what is unfinished keeps its checkpoint.
class RunTrainer {
 public:
  explicit RunTrainer(const Job& job);
  ~RunTrainer();
  RunTrainer(const RunTrainer&) = delete;
  RunTrainer& operator=(const RunTrainer&) = delete;

  /// What is to come, for the time that is left.
  void expect(std::vector<Run> runs);

  /// In parallel where there are threads for it: the very first alone, which makes the cache of all.
  void operator()(std::vector<Run> runs);

 private:
  class Progress;

  void train(const Run& run, int threads);

  const Job& job_;
  const int threads_;
  const std::unique_ptr<Progress> progress_;
  bool has_cache_ = false;
};

}  // namespace dcrnn::compare
