#include "model/trace.hpp"

#include <algorithm>
#include <iterator>

namespace dcrnn::model {

namespace {

template <class Real>
std::vector<NamedTensor<Real>> traced(const GradientEngine<Real>& engine, bool gradients) {
  std::vector<NamedTensor<Real>> tensors;
  const TraceSink<Real> sink = [&](const std::string& name, std::vector<std::size_t> shape) {
    const std::size_t size = checked_mul(shape[0], shape[1], name);
    tensors.push_back({name, std::move(shape), std::vector<Real>(size)});
    return tensors.back().values.data();
  };
  engine.network().trace(Tracer<Real>{engine.arena(), sink, gradients});
  return tensors;
}

}  // namespace

template <class Real>
std::vector<NamedTensor<Real>> forward_values(const GradientEngine<Real>& engine) {
  return traced(engine, false);
}

template <class Real>
std::vector<NamedTensor<Real>> value_gradients(const GradientEngine<Real>& engine) {
  return traced(engine, true);
}

template <class Real>
std::vector<NamedTensor<Real>> trace(const ModelConfig& config, const ParameterTable& table,
                                     const Real* parameters, const kernels::Table<Real>& ops,
                                     const Batch& batch, int threads, bool every_gradient) {
  GradientEngine<Real> engine(
      config, table, ops, batch.rows, batch.rows,
      {.training = true, .keep_values = every_gradient, .keep_gradients = every_gradient});
  engine.set_parameters(parameters, threads);
  engine.forward(batch, nullptr, threads);
  std::vector<NamedTensor<Real>> tensors = forward_values(engine);
  if (batch.labels.empty() || batch.labels[0].empty()) return tensors;

  engine.forward_backward(batch, nullptr, threads);
  const std::size_t T = config.tasks.size();
  tensors.push_back({"loss", {T}, std::vector<Real>(engine.losses().begin(), engine.losses().end())});
  tensors.push_back({"loss.total", {1}, {static_cast<Real>(engine.total_loss())}});
  for (std::size_t i = 0; i < table.all().size(); ++i) {
    const Parameter& parameter = table.all()[i];
    tensors.push_back({"grad." + parameter.name, parameter.shape, std::vector<Real>(parameter.size)});
    engine.copy_gradient(i, tensors.back().values.data());
  }
  if (!every_gradient) {
    tensors.push_back({"grad.x0", {batch.rows, engine.network().x0().width}, engine.input_gradient()});
    return tensors;
  }
  std::vector<NamedTensor<Real>> of_values = value_gradients(engine);
  std::move(of_values.begin(), of_values.end(), std::back_inserter(tensors));
  return tensors;
}

template std::vector<NamedTensor<float>> forward_values(const GradientEngine<float>&);
template std::vector<NamedTensor<double>> forward_values(const GradientEngine<double>&);
template std::vector<NamedTensor<float>> value_gradients(const GradientEngine<float>&);
template std::vector<NamedTensor<double>> value_gradients(const GradientEngine<double>&);
template std::vector<NamedTensor<float>> trace(const ModelConfig&, const ParameterTable&, const float*,
                                               const kernels::Table<float>&, const Batch&, int, bool);
template std::vector<NamedTensor<double>> trace(const ModelConfig&, const ParameterTable&, const double*,
                                                const kernels::Table<double>&, const Batch&, int, bool);

}  // namespace dcrnn::model
