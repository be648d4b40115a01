#include "api/model_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <set>

#include "config/json_text.hpp"
#include "core/failure.hpp"
#include "core/path.hpp"
#include "core/text.hpp"
#include "files/checksum.hpp"
#include "files/header.hpp"
#include "files/safetensors.hpp"

namespace dcrnn::api {

namespace {

constexpr const char* kConfigKey = "dcrnn";
constexpr const char* kEncoderPrefix = "encoder.";
constexpr const char* kHelp = "the file is damaged, or was not written for this config";

[[noreturn]] void fail_tensor(const std::string& path, const std::string& name, const std::string& what,
                              const std::string& help = kHelp) {
  fail(ErrorCode::model, printable(path) + ": tensor " + in_quotes(name) + ": " + what, help);
}

/// True if the config says that it was written for a later format than this library reads.
bool is_newer(const std::string& config_json) {
  try {
    const Json json = parse_json_text(config_json, kConfigKey);
    const Json* format = json.is_object() ? json.find("format") : nullptr;
    return format != nullptr && format->is_number() && format->number() > 1;
  } catch (const Failure&) {
    return false;
  }
}

/// The sum over all that a model file says (docs/format.md), as 16 hexadecimal digits. `config_json` without
/// the digits of the sum itself. The order of the tensors in the file does not count: other writers choose
/// it.
std::string checksum_of(const std::string& config_json, const std::vector<TensorView>& tensors) {
  std::vector<const TensorView*> by_name;
  for (const TensorView& tensor : tensors) by_name.push_back(&tensor);
  std::sort(by_name.begin(), by_name.end(), [](auto* a, auto* b) { return a->name < b->name; });
  files::Checksum sum;
  sum.add(config_json);
  for (const TensorView* tensor : by_name) {
    sum.add(tensor->name);
    sum.add(files::dtype_name(tensor->dtype));
    sum.add(shape_text(tensor->shape));
    sum.add(tensor->data);
  }
  std::string digits(16, '0');
  std::uint64_t rest = sum.value();
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, rest >>= 4) {
    *digit = "0123456789abcdef"[rest & 15];
  }
  return digits;
}

/// The config's text with the checksum of it and the tensors as its last key.
std::string sealed(const std::string& config_json, const std::vector<TensorView>& tensors) {
  std::string text = config_json.substr(0, config_json.size() - 1) + ",\"checksum\":\"\"}";
  text.insert(text.size() - 2, checksum_of(text, tensors));
  return text;
}

void verify(const files::TensorFile& file, const std::string& checksum) {
  if (checksum.empty()) return;
  const std::string found = api::checksum_of(file, checksum);
  if (found == checksum) return;
  fail(ErrorCode::model,
       printable(file.path()) + ": the checksum of its content is " + found + ", but it says " + checksum,
       "the file is damaged; if it was changed on purpose, take \"checksum\" out of the config in its "
       "metadata");
}

Config config_of(const files::TensorFile& file, std::string& checksum) {
  const std::string& path = file.path();
  const auto found = file.metadata().find(kConfigKey);
  if (found == file.metadata().end()) {
    fail(ErrorCode::model, printable(path) + ": no \"dcrnn\" in the metadata: not a model of this program",
         "give a file that `dcrnn train` or Model::save wrote");
  }
  if (file.metadata().contains("checkpoint.format")) {
    fail(ErrorCode::model, printable(path) + ": a checkpoint, not a model",
         "finish the training with --resume, or give the model file");
  }
  try {
    return parse_model_config(found->second, path, checksum);
  } catch (const Failure& failure) {
    if (is_newer(found->second)) {
      fail(ErrorCode::model,
           printable(path) + ": written by a newer version, in a format this one cannot read",
           "update dcrnn");
    }
    if (failure.error().code != ErrorCode::usage) throw;
    fail(ErrorCode::model, failure.error().message, failure.error().help);
  }
}

bool is_encoder(const TensorView& tensor) {
  return tensor.name.starts_with(kEncoderPrefix);
}

data::Encoders encoders_of(const files::TensorFile& file, const Config& config) {
  std::vector<TensorView> tensors;
  std::copy_if(file.tensors().begin(), file.tensors().end(), std::back_inserter(tensors), is_encoder);
  return data::Encoders::from_tensors(config.model, tensors, file.path());
}

void check_tensors(const files::TensorFile& file, const model::ParameterTable& table, std::size_t members) {
  std::set<std::string, std::less<>> names;
  for (std::size_t i = 0; i < members; ++i) {
    for (const model::Parameter& parameter : table.all()) {
      const std::string& name = *names.insert(model::member_prefix(i) + parameter.name).first;
      const TensorView* found = file.find(name);
      if (found == nullptr) fail_tensor(file.path(), name, "missing");
      if (found->dtype != DType::f32) {
        fail_tensor(file.path(), name,
                    "found " + std::string(files::dtype_name(found->dtype)) + ", want F32");
      }
      if (found->shape != parameter.shape) {
        fail_tensor(file.path(), name,
                    "found shape " + shape_text(found->shape) + ", want " + shape_text(parameter.shape));
      }
    }
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (const TensorView& tensor : file.tensors()) {
    if (is_encoder(tensor) || names.contains(tensor.name)) continue;
    const std::string_view near = nearest(tensor.name, known);
    fail_tensor(file.path(), tensor.name, "the config has no such parameter",
                near.empty() ? kHelp : "did you mean " + in_quotes(near) + "?");
  }
}

void read_parameter(const files::TensorFile& file, const Model::Impl::Tensor& tensor, float* to) {
  const TensorView& found = *file.find(tensor.name);
  const std::size_t size = tensor.parameter->size;
  if (size > 0) std::memcpy(to, found.data.data(), found.data.size());
  const float* bad = std::find_if_not(to, to + size, [](float x) { return std::isfinite(x); });
  if (bad == to + size) return;
  fail_tensor(file.path(), tensor.name,
              "element " + std::to_string(bad - to) + " is " + (std::isnan(*bad) ? "NaN" : "infinite"),
              "every parameter must be finite");
}

}  // namespace

std::string checksum_of(const files::TensorFile& file, const std::string& said) {
  std::string text = file.metadata().at(kConfigKey);
  const std::size_t at = text.rfind('"' + said + '"');
  if (at != std::string::npos) text.erase(at + 1, said.size());
  return checksum_of(text, file.tensors());
}

namespace {

std::vector<TensorView> tensors_of(const Model::Impl& model) {
  std::vector<TensorView> tensors;
  for (const Model::Impl::Tensor& tensor : model.tensors) {
    tensors.push_back(tensor_view<float>(tensor.name, tensor.parameter->shape, model.values(tensor)));
  }
  for (TensorView& tensor : model.encoders.tensors()) tensors.push_back(std::move(tensor));
  return tensors;
}

std::unique_ptr<Model::Impl> model_of(const files::TensorFile& file) {
  std::string checksum;
  Config config = config_of(file, checksum);
  data::Encoders encoders = encoders_of(file, config);
  check_tensors(file, model::ParameterTable(config.model, encoders.table_rows()), config.model.members);
  auto model = std::make_unique<Model::Impl>(std::move(config), std::move(encoders));
  for (const Model::Impl::Tensor& tensor : model->tensors) {
    read_parameter(file, tensor, model->parameters.data() + tensor.begin);
  }
  // Last: where the content itself is wrong, that says more.
  verify(file, checksum);
  model->checksum = std::move(checksum);
  return model;
}

}  // namespace

void save_model(const Model::Impl& model, const std::string& path) {
  const std::vector<TensorView> tensors = tensors_of(model);
  files::write_tensors(path, {{kConfigKey, sealed(to_json(model.config), tensors)}}, tensors,
                       OutputFile::Target::regular_only);
}

std::vector<std::byte> model_bytes(const Model::Impl& model) {
  const std::vector<TensorView> tensors = tensors_of(model);
  return files::tensor_bytes("the model", {{kConfigKey, sealed(to_json(model.config), tensors)}}, tensors);
}

std::unique_ptr<Model::Impl> load_model(const std::string& path) {
  auto model = model_of(files::TensorFile(path));
  model->source = absolute_path(path);
  return model;
}

std::unique_ptr<Model::Impl> load_model(std::span<const std::byte> bytes) {
  Buffer<std::byte> copy(bytes.size(), "the model");
  std::copy(bytes.begin(), bytes.end(), copy.data());
  return model_of(files::TensorFile("the model", std::move(copy)));
}

}  // namespace dcrnn::api
