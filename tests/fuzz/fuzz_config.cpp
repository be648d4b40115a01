// Configs: refused with a line, or read; what is read says the same again when it is written and read.
#include "core/failure.hpp"
#include "tests/fuzz/tensors.hpp"
#include "train/config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dcrnn;
  const std::string text(fuzz::text(data, size));
  try {
    const Config config = parse_config(text, "config.json");
    fuzz::count(true, fuzz::text(data, size));
    const std::string written = to_json(config);
    if (!(parse_config(written, "written") == config) ||
        to_json(parse_config(written, "written")) != written) {
      std::abort();
    }
  } catch (const Failure& failure) {
    fuzz::count(false, fuzz::text(data, size));
    fuzz::check(failure.error());
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  using namespace dcrnn;
  if (seed % 2 == 0) return LLVMFuzzerMutate(data, size, most);
  std::string text(fuzz::text(data, size));
  fuzz::change_number(text, seed);
  return fuzz::give(text, data, size, most);
}
