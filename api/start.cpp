#include "api/start.hpp"

#include <algorithm>
#include <vector>

#include "api/model_file.hpp"
#include "config/difference.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"
#include "data/data_files.hpp"
#include "files/safetensors.hpp"

namespace dcrnn::api {

namespace {

/// Null if the file is no checkpoint.
std::unique_ptr<Model::Impl> shape_of_state(const std::string& path) {
  const files::TensorFile file(path);
  if (!file.metadata().contains("checkpoint.format")) return nullptr;
  const auto text = file.metadata().find("dcrnn");
  if (text == file.metadata().end()) {
    fail(ErrorCode::model, printable(path) + ": no \"dcrnn\" in the metadata", "the file is damaged");
  }
  try {
    Config config = parse_config(text->second, path);
    std::vector<TensorView> tensors;
    std::copy_if(file.tensors().begin(), file.tensors().end(), std::back_inserter(tensors),
                 [](const TensorView& tensor) { return tensor.name.starts_with("encoder."); });
    data::Encoders encoders = data::Encoders::from_tensors(config.model, tensors, path);
    // Nothing is allocated that the file does not back with bytes.
    const model::ParameterTable table(config.model, encoders.table_rows());
    for (const model::Parameter& parameter : table.all()) {
      const TensorView* found = file.find(parameter.name);
      if (found != nullptr && found->shape == parameter.shape) continue;
      fail(ErrorCode::model,
           printable(path) + ": tensor " + in_quotes(parameter.name) + " is missing or has another shape",
           "the file is damaged");
    }
    return std::make_unique<Model::Impl>(std::move(config), std::move(encoders));
  } catch (const Failure& failure) {
    if (failure.error().code != ErrorCode::usage) throw;
    fail(ErrorCode::model, failure.error().message, failure.error().help);
  }
}

}  // namespace

Start load_start(const std::string& path) {
  Start start;
  start.digest = data::digest_of_file(path);
  start.model = shape_of_state(path);
  if (start.model == nullptr) {
    start.model = load_model(path);
    return start;
  }
  const model::ParameterTable& table = start.model->table;
  const TrainConfig& train = start.model->config.train;
  optim::State& state = start.optimizer.emplace(train.tables.optimizer.kind, train.optimizer.kind,
                                                table.dense_begin(), table.total());
  train::RunArrays arrays{start.model->parameters.span(), {}, {}, state.squares(), {}};
  for (Buffer<float>& array : state.arrays()) arrays.optimizer.push_back(array.span());
  start.run = train::load_finished(path, table, arrays);
  return start;
}

void require_same_config(const Start& start, const Config& config, const std::string& path) {
  Config there = start.model->config;
  const TrainConfig trained = there.train;
  there.train = config.train;
  there.model.csv = config.model.csv;
  there.model.weight = config.model.weight;
  there.model.group = config.model.group;
  if (start.optimizer) {
    there.train.seed = trained.seed;
    there.train.init_scale = trained.init_scale;
    there.train.optimizer.kind = trained.optimizer.kind;
    there.train.tables.optimizer.kind = trained.tables.optimizer.kind;
  }
  const std::string difference = first_difference(to_json(there), to_json(config));
  if (difference.empty()) return;
  const bool of_training = difference.starts_with("train.");
  fail(ErrorCode::model, printable(path) + ": made with another config: " + difference,
       of_training ? "what the optimizer remembers belongs to these; --from the model itself starts it afresh"
                   : "a run goes on with the model it has: leave CONFIG out, or train a new model");
}

void overlay(const Model::Impl& start, Model::Impl& model) {
  for (const model::Parameter& from : start.table.all()) {
    std::copy_n(start.parameters.data() + from.offset, from.size,
                model.parameters.data() + model.table.find(from.name)->offset);
  }
}

}  // namespace dcrnn::api
