// Every intermediate value and gradient of one batch by name (docs/trace.md), in float or double.
#pragma once

#include <string>
#include <vector>

#include "core/batch.hpp"
#include "kernels/table.hpp"
#include "model/config.hpp"
#include "model/gradient_engine.hpp"

namespace dcrnn::model {

template <class Real>
struct NamedTensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<Real> values;
};

/// The trace of `batch` as one batch, dropout off: forward values, and with labels the losses and gradients;
/// with `interference`, and always with pcgrad, also how the tasks' gradients agree.
template <class Real>
std::vector<NamedTensor<Real>> trace(const ModelConfig& config, const ParameterTable& table,
                                     const Real* parameters, const kernels::Table<Real>& ops,
                                     const Batch& batch, int threads, bool interference = false);

/// The forward values an engine holds after `forward`.
template <class Real>
std::vector<NamedTensor<Real>> forward_values(const GradientEngine<Real>& engine);

}  // namespace dcrnn::model
