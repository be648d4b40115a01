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
    for (const Model::Impl::Tensor& tensor : impl.tensors) {
      result.parameters.push_back(info(tensor.name, tensor.parameter->shape, sizeof(float)));
      result.parameter_count += tensor.parameter->size;
      if (tensor.parameter->offset < impl.table.dense_begin()) {
        result.table_parameter_count += tensor.parameter->size;
      }
    }
    result.parameter_bytes = result.parameter_count * sizeof(float);
    for (const TensorView& tensor : impl.encoders.tensors()) {
      result.encoders.push_back(info(tensor.name, tensor.shape, size_of(tensor.dtype)));
    }
    result.forward_flops_per_row =
        static_cast<double>(impl.members()) * model::Network(impl.config.model, impl.table, {}).plan().flops;
    result.training_flops_per_row = 3 * result.forward_flops_per_row;  // the backward pass does twice as much
    return result;
  });
}

Result<NetworkInfo> inspect_config(std::string_view config_json, const std::string& config_name) noexcept {
  return guard([&] {
    const Config config = parse_config(config_json, config_name);
    std::vector<std::size_t> table_rows;
    for (const Field& field : config.model.fields) table_rows.push_back(field.has_table() ? 1 : 0);
    const model::ParameterTable table(config.model, table_rows);
    NetworkInfo info;
    info.config_json = to_json(config);
    for (const model::Parameter& parameter : table.all()) {
      if (parameter.offset >= table.dense_begin()) info.parameters += config.model.members * parameter.size;
    }
    info.forward_flops_per_row =
        static_cast<double>(config.model.members) * model::Network(config.model, table, {}).plan().flops;
    return info;
  });
}

}  // namespace dcrnn
