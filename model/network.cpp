#include "model/network.hpp"

namespace dcrnn::model {

namespace {

std::vector<std::size_t> rows_of_tables(const ModelConfig& config, const ParameterTable& table) {
  std::vector<std::size_t> rows(config.fields.size(), 0);
  for (const LookupTable& lookup : table.lookups()) {
    if (!lookup.every_row) rows[lookup.field] = lookup.rows;
  }
  return rows;
}

}  // namespace

Network::Network(const ModelConfig& config, const ParameterTable& table, Build::Purpose purpose)
    : build_(config.tasks, rows_of_tables(config, table), purpose), layers_(walk(build_, config)) {}

template <class Real>
void Network::forward(const Pass<Real>& pass) const {
  for (const auto& layer : layers_.all) layer->forward(pass);
}

template <class Real>
void Network::backward(const Pass<Real>& pass, std::size_t task) const {
  for (const Place& place : build_.cleared) pass.clear(place.slot, place.layer);
  // Every layer comes after those it reads, so the gradients of its outputs are complete when its turn comes.
  for (std::size_t i = layers_.all.size(); i-- > 0;) {
    if (reaches(task, i)) layers_.all[i]->backward(pass);
  }
}

GradientPlan Network::gradients() const {
  return gradients(kEveryTask, false);
}

GradientPlan Network::gradients(std::size_t task, bool shared_only) const {
  const auto wanted = [&](std::size_t offset) {
    return !shared_only || table().at(offset).owner == kEveryTask;
  };
  GradientPlan plan;
  for (std::size_t i = 0; i < layers_.all.size(); ++i) {
    if (reaches(task, i)) plan.append(layers_.gradients[i], wanted);
  }
  return plan;
}

template <class Real>
void Network::gather(const Gather<Real>& gather) const {
  for (const auto& layer : layers_.all) layer->gather(gather);
}

template <class Real>
void Network::trace(const Tracer<Real>& tracer) const {
  std::size_t row = 0;
  for (std::size_t i = 0; i < layers_.all.size(); ++i) {
    for (; row < layers_.rows_end[i]; ++row) {
      const TraceRow& value = build_.rows[row];
      if (!tracer.gradients) tracer.copy(value.name, value.value, value.repeated);
      if (tracer.gradients && value.has_gradient) tracer.copy(value.name, value.gradient);
    }
    layers_.all[i]->trace(tracer);
  }
}

template void Network::forward(const Pass<float>&) const;
template void Network::forward(const Pass<double>&) const;
template void Network::backward(const Pass<float>&, std::size_t) const;
template void Network::backward(const Pass<double>&, std::size_t) const;
template void Network::gather(const Gather<float>&) const;
template void Network::gather(const Gather<double>&) const;
template void Network::trace(const Tracer<float>&) const;
template void Network::trace(const Tracer<double>&) const;

}  // namespace dcrnn::model
