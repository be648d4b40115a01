// Model files: refused with a line, or loaded and then scored, inspected and traced without harm. The mutator
// seals most files again, so that what stands behind the checksum is reached.
#include <vector>

#include "api/model_file.hpp"
#include "core/failure.hpp"
#include "dcrnn/dcrnn.hpp"
#include "files/safetensors.hpp"
#include "tests/fuzz/tensors.hpp"

namespace dcrnn::fuzz {

namespace {

/// The file with the checksum of what it says, where it has one and can be read as tensors.
std::string sealed(std::string bytes) {
  static MemoryFile file;
  constexpr std::string_view kKey = "checksum\\\":\\\"";  // JSON in the JSON of the header
  const std::size_t at = bytes.find(kKey);
  if (at == std::string::npos || bytes.size() < at + kKey.size() + 16) return bytes;
  const std::string said = bytes.substr(at + kKey.size(), 16);
  file.set(bytes);
  try {
    const files::TensorFile tensors(file.path());
    if (tensors.metadata().contains("dcrnn")) {
      bytes.replace(at + kKey.size(), said.size(), api::checksum_of(tensors, said));
    }
  } catch (const Failure&) {
  }
  return bytes;
}

/// Scores one row whose cells are text, whatever the fields are.
void score(const Model& model) {
  static const std::vector<std::string_view> kCells = {"", "1", "a|b|3", "-0.5"};
  auto scorer = Scorer::create(model, {.threads = 1, .isa = "reference"});
  if (!scorer) return check(scorer.error());
  std::vector<Column> columns;
  const std::vector<std::string> fields = model.fields();
  for (const std::string& field : fields) columns.push_back(Column::of_text(field, kCells));
  std::vector<float> p(kCells.size() * model.tasks().size());
  const auto done =
      scorer->score({.count = kCells.size(), .columns = columns, .labels = {}, .weights = {}}, p);
  if (!done) return check(done.error());
  for (const float one : p) {
    if (!(one >= 0 && one <= 1)) std::abort();
  }
}

}  // namespace

}  // namespace dcrnn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dcrnn;
  static fuzz::MemoryFile file;
  file.set(fuzz::text(data, size));
  const auto model = Model::load(file.path());
  fuzz::count(model.ok(), fuzz::text(data, size));
  if (!model) {
    fuzz::check(model.error());
    return 0;
  }
  if (const auto facts = inspect(*model); !facts) fuzz::check(facts.error());
  fuzz::score(*model);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  return dcrnn::fuzz::mutate_tensors(data, size, most, seed, dcrnn::fuzz::sealed);
}
