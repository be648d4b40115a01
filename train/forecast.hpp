// What a training will take, measured on a few of its steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "core/batch.hpp"
#include "kernels/table.hpp"
#include "model/parameters.hpp"
#include "train/config.hpp"

namespace dcrnn::train {

struct Forecast {
  double training_rows_per_second = 0, scoring_rows_per_second = 0;
  std::uint64_t memory_bytes = 0;  ///< parameters, optimizer, gradients and activations of a run
  bool diverged = false;           ///< in those steps; there are no speeds then
};

/// Trains fresh `parameters` for about half a second on rows of `sample`. `rows` that there are in all decide
/// the batch. Nothing once `go_on` says so. Failure(memory).
std::optional<Forecast> forecast(const Config& config, const model::ParameterTable& table,
                                 std::span<float> parameters, BatchSource& sample, std::uint64_t rows,
                                 const kernels::Table<float>& ops, int threads,
                                 const std::function<bool()>& go_on);

}  // namespace dcrnn::train
