#include "core/size.hpp"
#include "core/text.hpp"
#include "model/config.hpp"
#include "model/walk.hpp"

namespace dcrnn {
namespace {

constexpr std::size_t kMaxValues = std::size_t{1} << 38;     // 1 TiB of floats
constexpr std::size_t kMaxTableRows = std::size_t{1} << 32;  // ids are 32-bit

[[noreturn]] void fail_size(const std::string& place, std::size_t values) {
  fail(ErrorCode::memory, place + ": " + std::to_string(values) + " values, more than the limit of 1 TiB",
       "make the sizes smaller");
}

/// The sum of the fields' widths: D.
std::size_t input_width(const ModelConfig& model, const std::string& place) {
  std::size_t width = 0;
  for (const Field& field : model.fields) {
    const bool projected = field.type == FieldType::rate && model.project > 0;
    width = checked_add(width, projected ? 0 : field.width(), place);
    if (width > kMaxValues) fail_size(place, width);
  }
  width = checked_add(width, model.project, place);
  if (width > kMaxValues) fail_size(place, width);
  return width;
}

std::size_t table_rows(const Field& field, const std::string& source, const std::string& path) {
  if (!field.has_table()) return 0;
  if (field.type == FieldType::number) return checked_add(field.bins, 1, source);
  if (field.encoding == Encoding::vocab) return 0;
  if (field.size > kMaxTableRows) {
    fail(ErrorCode::memory,
         printable(source) + ": " + path + ".size: " + std::to_string(field.size) +
             " rows, more than the limit of 2^32",
         "make the table smaller");
  }
  return field.size;
}

}  // namespace

void check_sizes(const ModelConfig& model, std::size_t batch, const std::string& source) {
  const std::string at = printable(source) + ": ";
  const std::size_t D = model.head ? input_width(model, at + "width of the input") : 0;
  const std::size_t input = checked_mul(D, batch, at + "input of one batch");
  if (input > kMaxValues) fail_size(at + "input of one batch", input);

  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < model.fields.size(); ++i) {
    rows.push_back(table_rows(model.fields[i], source, "fields[" + std::to_string(i) + "]"));
  }
  model::Build build(model.tasks, std::move(rows), {});
  const std::string parameters = at + "parameters of the model";
  build.parameters.limit(kMaxValues / model.members, [&](std::size_t values) {
    fail_size(parameters, checked_mul(values, model.members, parameters));
  });
  try {
    walk(build, model);
  } catch (const Failure& failure) {
    const Error& error = failure.error();
    if (error.message.starts_with(at)) throw;
    fail(error.code, at + error.message, error.help);  // a layer knows the tensor, not the config
  }
}

}  // namespace dcrnn
