#include <algorithm>

#include "core/size.hpp"
#include "core/text.hpp"
#include "model/config.hpp"

namespace dcrnn {
namespace {

constexpr std::size_t kMaxValues = std::size_t{1} << 38;     // 1 TiB of floats
constexpr std::size_t kMaxTableRows = std::size_t{1} << 32;  // ids are 32-bit

/// Sums counts of values; over the limit, or over what a number can hold, is Failure(memory) naming the
/// place.
class Count {
 public:
  Count(const std::string& source, std::string what) : place_(printable(source) + ": " + std::move(what)) {}

  /// Adds a weight [rows, columns] and its bias [rows].
  void add_layer(std::size_t rows, std::size_t columns) { add(rows, checked_add(columns, 1, place_), 1); }
  void add(std::size_t a, std::size_t b, std::size_t times) {
    const std::size_t product = checked_mul(checked_mul(a, b, place_), times, place_);
    total_ = checked_add(total_, product, place_);
    if (total_ > kMaxValues) {
      fail(ErrorCode::memory,
           place_ + ": " + std::to_string(total_) + " values, more than the limit of 1 TiB",
           "make the sizes smaller");
    }
  }
  std::size_t total() const { return total_; }

 private:
  std::string place_;
  std::size_t total_ = 0;
};

std::size_t table_rows(const Field& field, const std::string& source, const std::string& path) {
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

void add_sharing(const ModelConfig& model, Count& count, std::size_t& stream) {
  std::size_t shared = stream;
  for (const SharingConfig& block : model.sharing) {
    if (block.shared_units > 0) count.add_layer(block.shared_units, shared);
    for (std::size_t t = 0; t < model.tasks.size(); ++t) {
      if (block.gate == Gate::input) count.add_layer(block.shared_units, stream);
      if (block.gate == Gate::fixed) count.add(block.shared_units, 1, 1);
      count.add_layer(block.private_units, stream);
    }
    shared = block.shared_units;
    stream = block.shared_units + block.private_units;  // both counted above: far from overflow
  }
}

}  // namespace

void check_sizes(const ModelConfig& model, std::size_t batch, const std::string& source) {
  Count parameters(source, "parameters of the model");
  Count width(source, "width of the input");
  for (std::size_t i = 0; i < model.fields.size(); ++i) {
    const Field& field = model.fields[i];
    const std::string path = "fields[" + std::to_string(i) + "]";
    width.add(field.width(), 1, 1);
    if (field.has_table()) parameters.add(table_rows(field, source, path), field.dim, 1);
  }
  const std::size_t input = width.total();
  Count(source, "input of one batch").add(input, batch, 1);

  const std::size_t sets =
      model.cross.tied ? std::min<std::size_t>(model.cross.layers, 1) : model.cross.layers;
  const std::size_t input_gates = model.cross.candidate == Candidate::cross ? 2 : 3;
  parameters.add(checked_mul(input, input_gates + 3, source), checked_add(input, 1, source), sets);

  std::size_t stream = input;
  add_sharing(model, parameters, stream);
  for (std::size_t t = 0; t < model.tasks.size(); ++t) {
    std::size_t top = stream;
    for (std::size_t units : model.tower) {
      parameters.add_layer(units, top);
      top = units;
    }
    if (model.transfer && model.tasks[t].parent != kNoParent) {
      parameters.add(checked_mul(top, 6, source), checked_add(top, 1, source), 1);
    }
    parameters.add_layer(1, top);
  }
}

}  // namespace dcrnn
