// What LabelledRows holds.
#pragma once

#include <string>
#include <vector>

#include "api/model_impl.hpp"
#include "core/failure.hpp"
#include "data/cache_format.hpp"
#include "data/hash.hpp"
#include "dcrnn/scores.hpp"

namespace dcrnn {

struct LabelledRows::Impl {
  Schema schema;
  std::uint64_t encoders = 0;
  std::string name;  // of the first file
  std::vector<Batch> batches;
  std::size_t rows = 0;

  static std::uint64_t digest(const data::Encoders& encoders) {
    return data::xxh64(data::pack_tensors(encoders.tensors()), 0);
  }

  /// Where the task stands among those of the schema; their number if it does not.
  std::size_t place_of(const Task& task) const {
    std::size_t t = 0;
    while (t < schema.tasks.size() &&
           (schema.tasks[t].name != task.name || schema.tasks[t].label != task.label)) {
      ++t;
    }
    return t;
  }

  bool suits(const Model& model) const {
    const ModelConfig& config = model.impl().config.model;
    if (config.fields != schema.fields || config.csv != schema.csv || config.weight != schema.weight ||
        config.group != schema.group) {
      return false;
    }
    for (const Task& task : config.tasks) {
      if (place_of(task) == schema.tasks.size()) return false;
    }
    return digest(model.impl().encoders) == encoders;
  }

  void require_suits(const Model& model) const {
    if (suits(model)) return;
    fail(ErrorCode::usage, name + ": its rows were read for a model of other fields or tasks",
         "read them once more for this one");
  }

  /// What is measured against: no columns, and the labels of these tasks.
  Batch truth_of(const Batch& batch, const std::vector<std::size_t>& tasks) const {
    Batch made;
    made.rows = batch.rows;
    made.weights = batch.weights;
    made.groups = batch.groups;
    for (const std::size_t t : tasks) {
      made.labels.push_back(batch.labels[t]);
      made.truth.push_back(batch.truth[t]);
    }
    return made;
  }
};

}  // namespace dcrnn
