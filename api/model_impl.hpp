// What a Model holds.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/buffer.hpp"
#include "core/size.hpp"
#include "data/encoder.hpp"
#include "dcrnn/model.hpp"
#include "model/parameters.hpp"
#include "train/config.hpp"

namespace dcrnn {

struct Model::Impl {
  /// A parameter of a member as files and callers name it.
  struct Tensor {
    std::string name;
    const model::Parameter* parameter;  ///< of `table`
    std::size_t begin;                  ///< in `parameters`
  };

  /// Parameters are zero. Failure(memory).
  Impl(Config with_config, data::Encoders with_encoders)
      : config(std::move(with_config)),
        encoders(std::move(with_encoders)),
        table(config.model, encoders.table_rows()),
        parameters(checked_mul(table.total(), config.model.members, "parameters"), "parameters") {
    for (std::size_t i = 0; i < members(); ++i) {
      for (const model::Parameter& parameter : table.all()) {
        tensors.push_back(
            {model::member_prefix(i) + parameter.name, &parameter, i * table.total() + parameter.offset});
      }
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::size_t members() const { return config.model.members; }
  /// table.total() elements.
  std::span<float> member(std::size_t i) {
    return parameters.span().subspan(i * table.total(), table.total());
  }
  std::span<const float> member(std::size_t i) const {
    return parameters.span().subspan(i * table.total(), table.total());
  }
  std::span<const float> values(const Tensor& tensor) const {
    return parameters.span().subspan(tensor.begin, tensor.parameter->size);
  }
  /// Null if there is none of that name.
  const Tensor* find(std::string_view name) const {
    for (const Tensor& tensor : tensors) {
      if (tensor.name == name) return &tensor;
    }
    return nullptr;
  }

  Config config;
  data::Encoders encoders;
  model::ParameterTable table;  ///< of one member
  Buffer<float> parameters;     ///< of all members, one behind the other
  std::vector<Tensor> tensors;  ///< of all members, in this order
  std::string source;           ///< absolute path of the file it was loaded from; empty: none
  std::string checksum;         ///< of the file it was loaded from, if that has one
  std::uint64_t changes = 0;    ///< of the parameters, so that a trainer sees those it did not make
};

}  // namespace dcrnn
