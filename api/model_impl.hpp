// What a Model holds.
#pragma once

#include <string>
#include <utility>

#include "core/buffer.hpp"
#include "data/encoder.hpp"
#include "dcrnn/model.hpp"
#include "model/parameters.hpp"
#include "train/config.hpp"

namespace dcrnn {

struct Model::Impl {
  /// Parameters are zero. Failure(memory).
  Impl(Config with_config, data::Encoders with_encoders)
      : config(std::move(with_config)),
        encoders(std::move(with_encoders)),
        table(config.model, encoders.table_rows()),
        parameters(table.total(), "parameters") {}

  Config config;
  data::Encoders encoders;
  model::ParameterTable table;
  Buffer<float> parameters;   ///< table.total() elements
  std::string source;         ///< absolute path of the file it was loaded from; empty: none
  std::string checksum;       ///< of the file it was loaded from, if that has one
  std::uint64_t changes = 0;  ///< of the parameters, so that a trainer sees those it did not make
};

}  // namespace dcrnn
