#include "train/checkpoint.hpp"

#include <charconv>
#include <cstring>

#include "config/difference.hpp"
#include "core/failure.hpp"
#include "files/checksum.hpp"
#include "files/safetensors.hpp"

namespace dcrnn::train {

namespace {

constexpr const char* kHelp = "remove the checkpoint, or leave out --resume, to start afresh";

/// The state as metadata: one list serves writing and reading.
template <class State, class F>
void for_each_entry(State& state, F&& f) {
  f("fingerprint", state.fingerprint);
  f("epoch", state.epoch);
  f("position", state.position);
  f("rows_trained", state.rows_trained);
  f("optimizer_steps", state.optimizer_steps);
  f("loss_sum", state.loss_sum);
  f("seconds", state.seconds);
  f("has_best", state.has_best);
  f("best_score", state.best_score);
  f("best_epoch", state.best_epoch);
  f("epochs_since_best", state.epochs_since_best);
  f("finished", state.finished);
}

std::string text(std::uint64_t value) {
  return std::to_string(value);
}
std::string text(bool value) {
  return value ? "1" : "0";
}
std::string text(double value) {  // shortest text that reads back to the same number
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end.ptr);
}

bool parse(const std::string& from, bool& value) {
  value = from == "1";
  return from == "0" || from == "1";
}
template <class T>
bool parse(const std::string& from, T& value) {
  const auto end = std::from_chars(from.data(), from.data() + from.size(), value);
  return end.ec == std::errc() && end.ptr == from.data() + from.size();
}

std::vector<TensorView> views(const model::ParameterTable& table, const RunArrays& arrays) {
  std::vector<TensorView> tensors;
  for (const model::Parameter& parameter : table.all()) {
    tensors.push_back(tensor_view<float>(parameter.name, parameter.shape,
                                         arrays.parameters.subspan(parameter.offset, parameter.size)));
  }
  for (std::size_t i = 0; i < arrays.optimizer.size(); ++i) {
    tensors.push_back(
        tensor_view<float>("optimizer." + std::to_string(i), {table.total()}, arrays.optimizer[i]));
  }
  if (!arrays.best.empty()) tensors.push_back(tensor_view<float>("best", {table.total()}, arrays.best));
  if (!arrays.interference.empty()) {
    tensors.push_back(tensor_view<double>("interference", {arrays.interference.size()}, arrays.interference));
  }
  return tensors;
}

}  // namespace

void save_checkpoint(const std::string& path, const std::string& config_json,
                     const model::ParameterTable& table, const RunState& state, const RunArrays& arrays,
                     const std::vector<TensorView>& further) {
  std::vector<TensorView> tensors = views(table, arrays);
  tensors.insert(tensors.end(), further.begin(), further.end());
  std::map<std::string, std::string> metadata = {{"dcrnn", config_json}, {"checkpoint.format", "1"}};
  for_each_entry(state, [&](const char* name, auto value) {
    metadata[std::string("checkpoint.") + name] = text(value);
  });
  metadata["checkpoint.checksum"] = text(files::checksum(metadata, tensors));
  files::write_tensors(path, metadata, tensors, OutputFile::Target::regular_only);
}

RunState load_checkpoint(const std::string& path, const std::string& config_json,
                         const model::ParameterTable& table, std::uint64_t fingerprint,
                         const RunArrays& arrays) {
  const files::TensorFile file(path);
  const auto entry = [&](const std::string& name) -> const std::string& {
    const auto found = file.metadata().find(name);
    if (found == file.metadata().end())
      fail(ErrorCode::model, path + ": no \"" + name + "\": not a checkpoint", kHelp);
    return found->second;
  };
  if (entry("checkpoint.format") != "1") {
    fail(ErrorCode::model,
         path + ": checkpoint format " + entry("checkpoint.format") + ", this version reads 1", kHelp);
  }
  RunState state;
  for_each_entry(state, [&](const char* name, auto& value) {
    const std::string key = std::string("checkpoint.") + name;
    if (!parse(entry(key), value)) fail(ErrorCode::model, path + ": \"" + key + "\" is damaged", kHelp);
  });
  if (entry("dcrnn") != config_json) {
    fail(ErrorCode::model,
         path + ": made with another config: " + first_difference(entry("dcrnn"), config_json), kHelp);
  }
  if (state.fingerprint != fingerprint) {
    fail(ErrorCode::model, path + ": made with other training or validation data", kHelp);
  }
  std::uint64_t sum = 0;
  std::map<std::string, std::string> summed = file.metadata();
  summed.erase("checkpoint.checksum");
  if (!parse(entry("checkpoint.checksum"), sum) || sum != files::checksum(summed, file.tensors())) {
    fail(ErrorCode::model, path + ": damaged: the checksum does not match", kHelp);
  }
  for (const TensorView& wanted : views(table, arrays)) {
    const TensorView* found = file.find(wanted.name);
    if (found == nullptr || found->dtype != wanted.dtype || found->shape != wanted.shape) {
      fail(ErrorCode::model, path + ": tensor \"" + wanted.name + "\" is missing or has another shape",
           kHelp);
    }
    // views() gives read-only views of memory that `arrays` holds writable.
    std::memcpy(const_cast<std::byte*>(wanted.data.data()), found->data.data(), wanted.data.size());
  }
  return state;
}

}  // namespace dcrnn::train
