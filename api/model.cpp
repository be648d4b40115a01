#include "dcrnn/model.hpp"

#include <algorithm>
#include <cmath>

#include "api/model_file.hpp"
#include "api/model_impl.hpp"
#include "api/row_columns.hpp"
#include "api/rows_fit.hpp"
#include "core/guard.hpp"
#include "core/job_files.hpp"
#include "core/text.hpp"

namespace dcrnn {

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

namespace {

std::unique_ptr<Model::Impl> fresh(Config config, data::Encoders encoders) {
  auto impl = std::make_unique<Model::Impl>(std::move(config), std::move(encoders));
  for (std::size_t i = 0; i < impl->members(); ++i) {
    const TrainConfig train = for_member(impl->config, i).train;
    model::initialize(impl->table, train.seed, train.init_scale, impl->member(i));
  }
  return impl;
}

}  // namespace

Result<Model> Model::create(std::string_view config_json) noexcept {
  return guard([&] {
    Config config = parse_config(config_json, "config");
    data::Encoders encoders(config.model);
    return Model(fresh(std::move(config), std::move(encoders)));
  });
}

Result<Model> Model::create(std::string_view config_json, const Rows& rows) noexcept {
  return guard([&] {
    Config config = parse_config(config_json, "config");
    api::FittedRows fitted = api::fit_encoders(config.model, rows);
    return Model(fresh(std::move(config), std::move(fitted.encoders)));
  });
}

Result<Model> Model::load(const std::string& path) noexcept {
  return guard([&] { return Model(api::load_model(path)); });
}

Result<Model> Model::from_bytes(std::span<const std::byte> bytes) noexcept {
  return guard([&] { return Model(api::load_model(bytes)); });
}

Result<std::vector<std::byte>> Model::to_bytes() const noexcept {
  return guard([&] { return api::model_bytes(*impl_); });
}

Result<void> Model::save(const std::string& path) const noexcept {
  return guard([&] {
    JobFiles files;
    files.writes("the model", path);
    files.sweep();
    api::save_model(*impl_, path);
  });
}

std::string Model::config() const {
  return to_json(impl_->config);
}

std::vector<std::string> Model::tasks() const {
  std::vector<std::string> names;
  for (const Task& task : impl_->config.model.tasks) names.push_back(task.name);
  return names;
}

std::vector<std::string> Model::fields() const {
  std::vector<std::string> names;
  for (const Field& field : impl_->config.model.fields) names.push_back(field.name);
  return names;
}

std::vector<std::string> Model::columns() const {
  return api::RowColumns(impl_->config.model).names();
}

std::vector<ParameterView> Model::parameters() const {
  std::vector<ParameterView> views;
  for (const Impl::Tensor& tensor : impl_->tensors) {
    views.push_back({tensor.name, tensor.parameter->shape, std::as_const(*impl_).values(tensor)});
  }
  return views;
}

Result<void> Model::set_parameter(std::string_view name, std::span<const float> values) noexcept {
  return guard([&] {
    const Impl::Tensor* tensor = impl_->find(name);
    if (tensor == nullptr) {
      fail(ErrorCode::usage, "the model has no parameter " + in_quotes(name),
           "Model::parameters() lists them");
    }
    if (values.size() != tensor->parameter->size) {
      fail(ErrorCode::usage,
           "parameter " + in_quotes(name) + ": found " + std::to_string(values.size()) + " values, want " +
               std::to_string(tensor->parameter->size),
           "give every element of the tensor");
    }
    if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); })) {
      fail(ErrorCode::usage, "parameter " + in_quotes(name) + ": a value is NaN or infinite",
           "every parameter must be finite");
    }
    std::copy(values.begin(), values.end(), impl_->parameters.data() + tensor->begin);
    ++impl_->changes;
  });
}

}  // namespace dcrnn
