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
                                     const Batch& batch, int threads, const TraceOf& of) {
  const bool pcgrad = config.gradients == Combination::pcgrad, tasks = pcgrad || of.interference;
  GradientEngine<Real> engine(config, table, ops, batch.rows, batch.rows,
                              {.training = true,
                               .keep_values = tasks || of.every_gradient,
                               .keep_gradients = of.every_gradient,
                               .tasks = tasks ? TaskGradientsOf::everything : TaskGradientsOf::nothing});
  engine.set_parameters(parameters, threads);
  engine.forward(batch, nullptr, threads);
  std::vector<NamedTensor<Real>> tensors = forward_values(engine);
  if (batch.labels.empty() || batch.labels[0].empty()) return tensors;

  engine.forward_backward(batch, nullptr, threads);
  const std::vector<Real> dx0 = engine.input_gradient();
  // Before the tasks' own backward passes take their places.
  std::vector<NamedTensor<Real>> of_values;
  if (of.every_gradient) of_values = value_gradients(engine);
  const std::size_t T = config.tasks.size();
  const auto add = [&](const char* name, std::vector<std::size_t> shape, const std::vector<double>& values) {
    tensors.push_back({name, std::move(shape), std::vector<Real>(values.begin(), values.end())});
  };
  const Losses& losses = engine.losses();
  add("loss", {T}, losses.tasks);
  if (!losses.calibrator.empty()) add("loss.calibrator", {T}, losses.calibrator);
  add("loss.total", {1}, {losses.total()});
  if (tasks) {
    engine.forward_backward_tasks(batch, nullptr, threads);
    if (pcgrad) engine.combine_tasks(0, threads);
    add("interference.norm", {T}, engine.interference().norm);
    add("interference.cosine", {T, T}, engine.interference().cosine);
  }
  for (std::size_t i = 0; i < table.all().size(); ++i) {
    const Parameter& parameter = table.all()[i];
    tensors.push_back({"grad." + parameter.name, parameter.shape, std::vector<Real>(parameter.size)});
    engine.copy_gradient(i, tensors.back().values.data());
  }
  if (!of.every_gradient) {
    if (!dx0.empty()) tensors.push_back({"grad.x0", {batch.rows, engine.network().x0().width}, dx0});
    return tensors;
  }
  std::move(of_values.begin(), of_values.end(), std::back_inserter(tensors));
  return tensors;
}

template std::vector<NamedTensor<float>> forward_values(const GradientEngine<float>&);
template std::vector<NamedTensor<double>> forward_values(const GradientEngine<double>&);
template std::vector<NamedTensor<float>> value_gradients(const GradientEngine<float>&);
template std::vector<NamedTensor<double>> value_gradients(const GradientEngine<double>&);
template std::vector<NamedTensor<float>> trace(const ModelConfig&, const ParameterTable&, const float*,
                                               const kernels::Table<float>&, const Batch&, int,
                                               const TraceOf&);
template std::vector<NamedTensor<double>> trace(const ModelConfig&, const ParameterTable&, const double*,
                                                const kernels::Table<double>&, const Batch&, int,
                                                const TraceOf&);

}  // namespace dcrnn::model
