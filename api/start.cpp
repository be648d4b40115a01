#include "api/start.hpp"

#include <algorithm>
#include <vector>

#include "api/members.hpp"
#include "api/model_file.hpp"
#include "config/difference.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"
#include "data/data_files.hpp"
#include "files/safetensors.hpp"

namespace dcrnn::api {

namespace {

Config config_of_state(const files::TensorFile& file) {
  const std::string& path = file.path();
  const auto text = file.metadata().find("dcrnn");
  if (text == file.metadata().end()) {
    fail(ErrorCode::model, printable(path) + ": no \"dcrnn\" in the metadata", "the file is damaged");
  }
  try {
    return parse_config(text->second, path);
  } catch (const Failure& failure) {
    if (failure.error().code != ErrorCode::usage) throw;
    fail(ErrorCode::model, failure.error().message, failure.error().help);
  }
}

/// Null if the file is no checkpoint.
std::unique_ptr<Model::Impl> shape_of_state(const std::string& path) {
  const files::TensorFile file(path);
  if (!file.metadata().contains("checkpoint.format")) return nullptr;
  Config config = config_of_state(file);
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
}

/// Reads the state of member i beside that of the first, whose config `model` has.
Start::Member load_state(const std::string& path, Model::Impl& model, std::size_t i) {
  const Config config = config_of_state(files::TensorFile(path));
  const std::string difference = first_difference(to_json(for_member(model.config, i)), to_json(config));
  if (!difference.empty()) {
    fail(ErrorCode::model,
         printable(path) + ": not the state of member " + std::to_string(i) + ": " + difference,
         "the states of a model's members stay together, as MODEL.state, MODEL.state.1 and so on");
  }
  const TrainConfig& train = config.train;
  Start::Member member;
  optim::State& state = member.optimizer.emplace(train.tables.optimizer.kind, train.optimizer.kind,
                                                 model.table.dense_begin(), model.table.total());
  train::RunArrays arrays{model.member(i), {}, {}, state.squares(), {}};
  for (Buffer<float>& array : state.arrays()) arrays.optimizer.push_back(array.span());
  member.run = train::load_finished(path, model.table, arrays);
  return member;
}

}  // namespace

Start load_start(const std::string& path) {
  Start start;
  start.files = {path};
  start.digest = data::digest_of_file(path);
  start.model = shape_of_state(path);
  if (start.model == nullptr) {
    start.model = load_model(path);
    start.members.resize(start.model->members());
    return start;
  }
  for (std::size_t i = 0; i < start.model->members(); ++i) {
    const std::string file = member_file(path, i);
    start.members.push_back(load_state(file, *start.model, i));
    if (i == 0) continue;
    start.files.push_back(file);
    start.digest = start.digest * 0x9E3779B97F4A7C15 + data::digest_of_file(file);
  }
  return start;
}

void require_same_config(const Start& start, const Config& config, const std::string& path) {
  Config there = start.model->config;
  const TrainConfig trained = there.train;
  there.train = config.train;
  there.model.csv = config.model.csv;
  there.model.weight = config.model.weight;
  there.model.group = config.model.group;
  if (start.is_state()) {
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

void overlay(const Model::Impl& start, Model::Impl& model, std::size_t i) {
  for (const model::Parameter& from : start.table.all()) {
    std::copy_n(start.member(i).data() + from.offset, from.size,
                model.member(i).data() + model.table.find(from.name)->offset);
  }
}

}  // namespace dcrnn::api
