#include "api/model_impl.hpp"
#include "core/guard.hpp"
#include "dcrnn/files.hpp"
#include "model/network.hpp"

namespace dcrnn {

namespace {

TensorInfo info(std::string name, const std::vector<std::size_t>& shape, std::size_t element_bytes) {
  std::size_t count = 1;
  for (std::size_t extent : shape) count *= extent;
  return {std::move(name), shape, count, count * element_bytes};
}

}  // namespace

Result<ModelInfo> inspect(const Model& model) noexcept {
  return guard([&] {
    const Model::Impl& impl = model.impl();
    ModelInfo result;
    result.config_json = to_json(impl.config);
    result.checksum = impl.checksum;
    for (const model::Parameter& parameter : impl.table.all()) {
      result.parameters.push_back(info(parameter.name, parameter.shape, sizeof(float)));
      result.parameter_count += parameter.size;
    }
    result.parameter_bytes = result.parameter_count * sizeof(float);
    for (const TensorView& tensor : impl.encoders.tensors()) {
      result.encoders.push_back(info(tensor.name, tensor.shape, size_of(tensor.dtype)));
    }
    result.forward_flops_per_row = model::Network(impl.config.model, impl.table, {}).plan().flops;
    result.training_flops_per_row = 3 * result.forward_flops_per_row;  // the backward pass does twice as much
    return result;
  });
}

}  // namespace dcrnn
