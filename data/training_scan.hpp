// Training files read once, for a look at them before training: no cache is written.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "data/dataset.hpp"
#include "data/dataset_builder.hpp"
#include "data/encoder.hpp"
#include "data/field_fit.hpp"

namespace dcrnn::data {

class TrainingScan {
 public:
  /// Reads all files and fits the encoders. Rows lie in a nameless scratch file in `scratch_directory`, which
  /// goes with this object. Failure as of build_training_data(). `config` and `progress` must outlive it.
  TrainingScan(const Schema& config, const std::vector<std::string>& paths,
               const std::string& scratch_directory, const Progress& progress);

  std::uint64_t rows() const { return builder_.rows(); }
  const Encoders& encoders() const { return encoders_; }
  Encoders take_encoders() { return std::move(encoders_); }
  /// Per field.
  std::vector<FieldProfile> profiles() const { return builder_.profiles(); }
  /// Calls use(batch) for all rows in order.
  void for_each_batch(const std::function<void(const Batch&)>& use) {
    builder_.for_each_batch(encoders_, meter_, use);
  }

 private:
  ProgressMeter meter_;
  DatasetBuilder builder_;
  Encoders encoders_;
};

}  // namespace dcrnn::data
