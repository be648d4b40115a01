#include "api/model_impl.hpp"
#include "api/rows.hpp"
#include "core/guard.hpp"
#include "dcrnn/arrays.hpp"
#include "files/safetensors.hpp"

namespace dcrnn {

namespace {

template <class T>
void add(const std::string& name, const std::vector<T>& values, std::vector<std::size_t> shape,
         std::vector<TensorView>& tensors) {
  tensors.push_back(tensor_view(name, std::move(shape), std::span<const T>(values)));
}

}  // namespace

Result<std::vector<std::byte>> encode_rows(const Model& model, const Rows& rows) noexcept {
  return guard([&] {
    const Model::Impl& impl = model.impl();
    api::RowsEncoder encoder(impl.config.model, impl.encoders);
    const Batch& batch = encoder.encode(rows, false);
    std::vector<TensorView> tensors;
    for (std::size_t f = 0; f < batch.columns.size(); ++f) {
      const Field& field = impl.config.model.fields[f];
      const BatchColumn& column = batch.columns[f];
      if (!field.has_table()) {
        std::vector<std::size_t> shape = {batch.rows};
        if (field.type == FieldType::rate) shape.push_back(field.width());
        add(field.name + ".values", column.values, std::move(shape), tensors);
        continue;
      }
      add(field.name + ".ids", column.ids, {column.ids.size()}, tensors);
      if (field.type == FieldType::bag) {
        add(field.name + ".offsets", column.offsets, {column.offsets.size()}, tensors);
      }
    }
    return files::tensor_bytes("the rows", {}, tensors);
  });
}

}  // namespace dcrnn
