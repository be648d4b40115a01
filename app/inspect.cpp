// dcrnn inspect: what is in a model file.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/failure.hpp"
#include "app/json.hpp"
#include "app/options.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

struct InspectOptions {
  std::string model;
  bool json = false;
  SharedOptions shared;
};

void add_list(JsonWriter& json, const char* name, const std::vector<std::string>& words) {
  json.key(name).begin_list();
  for (const std::string& word : words) json.value(word);
  json.end_list();
}

void add_tensors(JsonWriter& json, const char* name, const std::vector<TensorInfo>& tensors) {
  json.key(name).begin_list();
  for (const TensorInfo& tensor : tensors) {
    json.begin_object().member("name", tensor.name).key("shape").begin_list();
    for (std::size_t extent : tensor.shape) json.value(extent);
    json.end_list().member("count", tensor.count).member("bytes", tensor.bytes).end_object();
  }
  json.end_list();
}

std::string as_json(const Model& model, const ModelInfo& info) {
  JsonWriter json;
  json.begin_object();
  add_list(json, "fields", model.fields());
  add_list(json, "tasks", model.tasks());
  add_tensors(json, "parameters", info.parameters);
  add_tensors(json, "encoders", info.encoders);
  json.member("parameter_count", info.parameter_count).member("parameter_bytes", info.parameter_bytes);
  json.member("forward_flops_per_row", info.forward_flops_per_row);
  json.member("training_flops_per_row", info.training_flops_per_row);
  json.key("checksum");
  info.checksum.empty() ? json.raw("null") : json.value(info.checksum);
  json.key("config").raw(info.config_json);
  return json.end_object().text() + "\n";
}

void add_rows(std::vector<std::vector<std::string>>& rows, const std::vector<TensorInfo>& tensors) {
  for (const TensorInfo& tensor : tensors) {
    std::vector<std::string> shape;
    for (std::size_t extent : tensor.shape) shape.push_back(std::to_string(extent));
    rows.push_back(
        {tensor.name, "[" + joined(shape) + "]", with_commas(tensor.count), with_commas(tensor.bytes)});
  }
}

std::string as_text(const Model& model, const ModelInfo& info) {
  std::vector<std::vector<std::string>> rows = {{"parameter", "shape", "count", "bytes"}};
  add_rows(rows, info.parameters);
  rows.push_back({"total", "", with_commas(info.parameter_count), with_commas(info.parameter_bytes)});
  if (!info.encoders.empty()) {
    rows.push_back({});
    rows.push_back({"encoder", "shape", "count", "bytes"});
    add_rows(rows, info.encoders);
  }
  const auto flops = [](double count) { return with_commas(static_cast<std::uint64_t>(count)); };
  return "fields: " + joined(model.fields()) + "\ntasks: " + joined(model.tasks()) + "\n\n" + table(rows) +
         "\nflops per row: " + flops(info.forward_flops_per_row) + " forward, " +
         flops(info.training_flops_per_row) +
         " training\nchecksum: " + (info.checksum.empty() ? "none" : info.checksum) +
         "\nconfig: " + info.config_json + "\n";
}

int inspect_file(const InspectOptions& options) {
  (void)compute_options(options.shared);
  const Model model = take(Model::load(options.model));
  const ModelInfo info = take(inspect(model));
  print_out(options.json ? as_json(model, info) : as_text(model, info));
  return 0;
}

}  // namespace

void add_inspect(CLI::App& program, Command& chosen) {
  CLI::App& command = *program.add_subcommand("inspect", "show fields, tasks and tensors of a model");
  const auto options = std::make_shared<InspectOptions>();
  add_required(command, "MODEL", options->model, "FILE", "model to show");
  command.add_flag("--json", options->json, "print one JSON object; default: tables");
  add_shared_options(command, options->shared);
  command.callback([&chosen, options] { chosen = [options] { return inspect_file(*options); }; });
}

}  // namespace dcrnn::app
