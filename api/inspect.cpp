#include "api/model_impl.hpp"
#include "core/guard.hpp"
#include "dcrnn/files.hpp"

namespace dcrnn {

namespace {

TensorInfo info(std::string name, const std::vector<std::size_t>& shape, std::size_t element_bytes) {
  std::size_t count = 1;
  for (std::size_t extent : shape) count *= extent;
  return {std::move(name), shape, count, count * element_bytes};
}

double flops(const model::LinearLayout& linear) {
  return 2.0 * static_cast<double>(linear.in) * static_cast<double>(linear.out);
}

/// Both products of one GRU step; `with_input` false where the input product is shared with another step.
double flops(const model::GruLayout& gru, bool with_input) {
  const double state = static_cast<double>(gru.state), input = static_cast<double>(gru.input);
  const double products = with_input ? 2.0 * input * static_cast<double>(gru.input_gates()) * state : 0.0;
  return products + 2.0 * state * 3.0 * state;
}

/// Multiplications and additions of all products of one row, docs/cross.md.
double forward_flops(const ModelConfig& config, const model::ParameterTable& table) {
  double sum = 0;
  for (std::size_t l = 0; l < config.cross.layers; ++l) {
    sum += flops(table.cross[config.cross.tied ? 0 : l], l == 0 || !config.cross.tied);
  }
  for (const model::SharingLayout& block : table.sharing) {
    sum += flops(block.shared);
    for (const model::LinearLayout& gate : block.gates) sum += flops(gate);
    for (const model::LinearLayout& units : block.privates) sum += flops(units);
  }
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    for (const model::LinearLayout& layer : table.tower[t]) sum += flops(layer);
    sum += flops(table.transfer[t], true) + flops(table.head[t]);
  }
  return sum;
}

}  // namespace

Result<ModelInfo> inspect(const Model& model) noexcept {
  return guard([&] {
    const Model::Impl& impl = model.impl();
    ModelInfo result;
    result.config_json = to_json(impl.config);
    for (const model::Parameter& parameter : impl.table.all()) {
      result.parameters.push_back(info(parameter.name, parameter.shape, sizeof(float)));
      result.parameter_count += parameter.size;
    }
    result.parameter_bytes = result.parameter_count * sizeof(float);
    for (const TensorView& tensor : impl.encoders.tensors()) {
      result.encoders.push_back(info(tensor.name, tensor.shape, size_of(tensor.dtype)));
    }
    result.forward_flops_per_row = forward_flops(impl.config.model, impl.table);
    result.training_flops_per_row = 3 * result.forward_flops_per_row;  // the backward pass does twice as much
    return result;
  });
}

}  // namespace dcrnn
