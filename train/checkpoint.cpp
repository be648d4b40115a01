#include "train/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "config/difference.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"
#include "files/checksum.hpp"
#include "files/safetensors.hpp"

namespace dcrnn::train {

namespace {

constexpr const char* kOptimizer = "optimizer.";
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
std::string text(double value) {
  return number_text(value);
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
    tensors.push_back(tensor_view<float>(kOptimizer + std::to_string(i), {arrays.optimizer[i].size()},
                                         arrays.optimizer[i]));
  }
  if (!arrays.best.empty()) tensors.push_back(tensor_view<float>("best", {table.total()}, arrays.best));
  if (!arrays.interference.empty()) {
    tensors.push_back(tensor_view<double>("interference", {arrays.interference.size()}, arrays.interference));
  }
  return tensors;
}

/// Over keys and values of the metadata, and names and bytes of the tensors, in order.
std::uint64_t checksum_of(const std::map<std::string, std::string>& metadata,
                          const std::vector<TensorView>& tensors) {
  files::Checksum sum;
  for (const auto& [key, value] : metadata) {
    sum.add(key);
    sum.add(value);
  }
  for (const TensorView& tensor : tensors) {
    sum.add(tensor.name);
    sum.add(tensor.data);
  }
  return sum.value();
}

/// Failure(model) naming the first entry that no run of this extent writes.
void check_state(const RunState& state, const RunExtent& extent, bool has_valid, const std::string& path) {
  const auto require = [&path](bool good, const char* name) {
    if (good) return;
    fail(ErrorCode::model,
         printable(path) + ": \"checkpoint." + name + "\" is not what a run can have come to", kHelp);
  };
  const auto steps_in = [&extent](std::uint64_t rows) {
    return rows / extent.batch + (rows % extent.batch == 0 ? 0 : 1);
  };
  require(state.epoch >= extent.start.epoch && state.epoch <= extent.epochs, "epoch");
  const std::uint64_t epochs = state.epoch - extent.start.epoch;  // of this run
  const bool between = state.position == 0 || state.position == extent.rows;
  require(state.position <= extent.rows && (between || state.position % extent.batch == 0), "position");
  require(state.epoch < extent.epochs || (state.finished && state.position == 0), "finished");
  require(!state.finished || (state.position == 0 && epochs > 0), "finished");
  // No overflow: epochs are at most a million, and the rows lie in a file.
  require(state.rows_trained == extent.start.rows_trained + epochs * extent.rows + state.position,
          "rows_trained");
  require(state.optimizer_steps ==
              extent.start.optimizer_steps + epochs * steps_in(extent.rows) + steps_in(state.position),
          "optimizer_steps");
  require(std::isfinite(state.loss_sum), "loss_sum");
  require(std::isfinite(state.seconds) && state.seconds >= 0, "seconds");
  require(state.has_best == (has_valid && epochs > 0), "has_best");
  require(std::isfinite(state.best_score), "best_score");
  require(state.has_best ? state.best_epoch >= extent.start.epoch && state.best_epoch < state.epoch
                         : state.best_epoch == 0,
          "best_epoch");
  require(state.epochs_since_best == (state.has_best ? state.epoch - 1 - state.best_epoch : 0),
          "epochs_since_best");
}

/// Failure(model) naming the tensor and the element that no training comes to. The state of an optimizer may
/// overflow without harm.
void check_values(const TensorView& tensor, const RunArrays& arrays, const std::string& path) {
  const bool optimizer = tensor.name.starts_with(kOptimizer);
  const auto is_square = [&](std::size_t element) {
    return std::any_of(arrays.squares.begin(), arrays.squares.end(), [&](const optim::Squares& squares) {
      return tensor.name == kOptimizer + std::to_string(squares.array) && element >= squares.begin &&
             element < squares.end;
    });
  };
  for (std::size_t i = 0; i < tensor.data.size() / sizeof(float); ++i) {
    float value;
    std::memcpy(&value, tensor.data.data() + i * sizeof value, sizeof value);
    if ((std::isfinite(value) || (optimizer && !std::isnan(value))) && !(value < 0 && is_square(i))) continue;
    fail(ErrorCode::model,
         printable(path) + ": tensor " + in_quotes(tensor.name) + ": element " + std::to_string(i) + " is " +
             (std::isfinite(value) ? "negative"
              : optimizer          ? "NaN"
                                   : "not finite"),
         kHelp);
  }
}

/// A checkpoint as its file has it.
class CheckpointFile {
 public:
  /// Failure(model) if it is none, or of another format.
  CheckpointFile(const std::string& path, const char* help) : file_(path), help_(help) {
    if (entry("checkpoint.format") == "1") return;
    fail_here("checkpoint format " + in_quotes(entry("checkpoint.format")) + ", this version reads 1");
  }

  [[noreturn]] void fail_here(const std::string& what) const {
    fail(ErrorCode::model, printable(file_.path()) + ": " + what, help_);
  }

  const std::string& entry(const std::string& name) const {
    const auto found = file_.metadata().find(name);
    if (found == file_.metadata().end()) fail_here("no \"" + name + "\": not a checkpoint");
    return found->second;
  }

  RunState state() const {
    RunState state;
    for_each_entry(state, [&](const char* name, auto& value) {
      const std::string key = std::string("checkpoint.") + name;
      if (!parse(entry(key), value)) fail_here("\"" + key + "\" is damaged");
    });
    return state;
  }

  void verify() const {
    std::uint64_t sum = 0;
    std::map<std::string, std::string> summed = file_.metadata();
    summed.erase("checkpoint.checksum");
    if (!parse(entry("checkpoint.checksum"), sum) || sum != checksum_of(summed, file_.tensors())) {
      fail_here("damaged: the checksum does not match");
    }
  }

  void copy(const model::ParameterTable& table, const RunArrays& arrays) const {
    for (const TensorView& wanted : views(table, arrays)) {
      const TensorView* found = file_.find(wanted.name);
      if (found == nullptr || found->dtype != wanted.dtype || found->shape != wanted.shape) {
        fail_here("tensor \"" + wanted.name + "\" is missing or has another shape");
      }
      check_values(*found, arrays, file_.path());
      // views() gives read-only views of memory that `arrays` holds writable.
      std::memcpy(const_cast<std::byte*>(wanted.data.data()), found->data.data(), wanted.data.size());
    }
  }

 private:
  files::TensorFile file_;
  const char* help_;
};

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
  metadata["checkpoint.checksum"] = text(checksum_of(metadata, tensors));
  files::write_tensors(path, metadata, tensors, OutputFile::Target::regular_only);
}

RunState load_checkpoint(const std::string& path, const std::string& config_json,
                         const model::ParameterTable& table, std::uint64_t fingerprint,
                         const RunExtent& extent, const RunArrays& arrays) {
  const CheckpointFile file(path, kHelp);
  const RunState state = file.state();
  if (file.entry("dcrnn") != config_json) {
    file.fail_here("made with another config: " + first_difference(file.entry("dcrnn"), config_json));
  }
  if (state.fingerprint != fingerprint) file.fail_here("made with other training or validation data");
  file.verify();
  check_state(state, extent, !arrays.best.empty(), path);
  file.copy(table, arrays);
  return state;
}

RunStart load_finished(const std::string& path, const model::ParameterTable& table, const RunArrays& arrays) {
  const CheckpointFile file(path,
                            "give a model, or the .state that a finished run with --keep-state has left");
  const RunState state = file.state();
  file.verify();
  if (!state.finished || state.position != 0) file.fail_here("the run that wrote it has not finished");
  file.copy(table, arrays);
  return {state.epoch, state.rows_trained, state.optimizer_steps};
}

}  // namespace dcrnn::train
