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

/// What a trace holds besides the forward values, and with labels the losses and the gradients of the
/// parameters and x0.
struct TraceOf {
  bool every_gradient = false;  ///< of all other values, too
  bool interference = false;    ///< how the tasks' gradients agree; with pcgrad always
};

/// The trace of `batch` as one batch, dropout off.
template <class Real>
std::vector<NamedTensor<Real>> trace(const ModelConfig& config, const ParameterTable& table,
                                     const Real* parameters, const kernels::Table<Real>& ops,
                                     const Batch& batch, int threads, const TraceOf& of = {});

/// The forward values an engine holds after `forward`.
template <class Real>
std::vector<NamedTensor<Real>> forward_values(const GradientEngine<Real>& engine);

/// The gradients of those values, x0 first, of an engine that has kept them, after `forward_backward`.
template <class Real>
std::vector<NamedTensor<Real>> value_gradients(const GradientEngine<Real>& engine);

}  // namespace dcrnn::model
