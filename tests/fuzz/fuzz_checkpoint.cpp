// Checkpoints of one run: refused with a line, or put back whole. The mutator seals most of them again.
#include <cmath>

#include "core/failure.hpp"
#include "files/checksum.hpp"
#include "files/safetensors.hpp"
#include "tests/fuzz/run.hpp"
#include "tests/fuzz/tensors.hpp"

namespace dcrnn::fuzz {

namespace {

/// The file with the checksum of what it says.
std::string sealed(std::string bytes) {
  static MemoryFile file;
  file.set(bytes);
  try {
    const files::TensorFile tensors(file.path());
    files::Checksum sum;
    for (const auto& [key, value] : tensors.metadata()) {
      if (key == "checkpoint.checksum") continue;
      sum.add(key);
      sum.add(value);
    }
    for (const TensorView& tensor : tensors.tensors()) {
      sum.add(tensor.name);
      sum.add(tensor.data);
    }
    Parts parts;
    if (!parts.cut(bytes)) return bytes;
    constexpr std::string_view kKey = "\"checkpoint.checksum\":\"";
    const std::size_t at = parts.header.find(kKey);
    if (at == std::string::npos) return bytes;
    const std::size_t begin = at + kKey.size();
    parts.header.replace(begin, parts.header.find('"', begin) - begin, std::to_string(sum.value()));
    return parts.joined();
  } catch (const Failure&) {
    return bytes;
  }
}

}  // namespace

}  // namespace dcrnn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dcrnn;
  static fuzz::MemoryFile file;
  static fuzz::Run run;
  file.set(fuzz::text(data, size));
  try {
    const train::RunState state = train::load_checkpoint(
        file.path(), run.config_json, run.table, fuzz::Run::kFingerprint, fuzz::Run::kExtent, run.arrays());
    fuzz::count(true, fuzz::text(data, size));
    if (state.epoch > fuzz::Run::kExtent.epochs || state.position > fuzz::Run::kExtent.rows) std::abort();
    for (const float value : run.parameters) {
      if (!std::isfinite(value)) std::abort();
    }
  } catch (const Failure& failure) {
    fuzz::count(false, fuzz::text(data, size));
    fuzz::check(failure.error());
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  return dcrnn::fuzz::mutate_tensors(data, size, most, seed, dcrnn::fuzz::sealed);
}
