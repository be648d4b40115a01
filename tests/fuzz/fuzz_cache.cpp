// Caches of one log: built anew, or read row by row with every value in its range. The mutator seals most of
// them again.
#include <cmath>
#include <stdexcept>

#include "core/failure.hpp"
#include "tests/data/forgery.hpp"
#include "tests/fuzz/cached.hpp"
#include "tests/fuzz/tensors.hpp"

namespace dcrnn::fuzz {

namespace {

const Cached& cached() {
  static const Cached made;
  return made;
}

/// The cache with one of its parts changed, and right checksums.
std::string mutated_cache(std::string_view bytes, unsigned seed) {
  std::string raw = beginning(bytes, seed);
  if (draw(seed, 8) == 0) return mutate(raw), raw;
  try {
    data::Forgery forged(cached().config.model, raw);
    forged.schema = cached().key.schema;
    for (std::size_t changes = 1 + draw(seed, 2); changes > 0; --changes) {
      switch (draw(seed, 6)) {
        case 0:
          if (forged.items.empty()) break;
          forged.items[draw(seed, forged.items.size())] = static_cast<std::uint32_t>(draw(seed, 8)) - 2;
          break;
        case 1:
          change_value(forged.encoders, seed);
          break;
        case 2:
          mutate(forged.encoders);
          forged.trailer.encoders_size = forged.encoders.size();
          break;
        case 3:
          forged.trailer.rows += draw(seed, 3) - 1;
          forged.trailer.items += draw(seed, 3) - 1;
          break;
        default:
          if (!forged.records.empty()) change_value(forged.records[draw(seed, forged.records.size())], seed);
      }
    }
    return forged.sealed();
  } catch (const std::runtime_error&) {
    return mutate(raw), raw;
  }
}

void check_row(const Batch& batch, const Config& config, const std::vector<std::size_t>& table_rows) {
  for (std::size_t f = 0; f < config.model.fields.size(); ++f) {
    for (const std::uint32_t id : batch.columns[f].ids) {
      if (id >= table_rows[f]) std::abort();
    }
    for (const double value : batch.columns[f].values) {
      if (!std::isfinite(value)) std::abort();
    }
  }
  for (const auto& labels : batch.labels) {
    for (const std::int8_t label : labels) {
      if (label != kMissingLabel && label != 0 && label != 1) std::abort();
    }
  }
  for (const double weight : batch.weights) {
    if (!(weight >= 0) || !std::isfinite(weight)) std::abort();
  }
}

}  // namespace

}  // namespace dcrnn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dcrnn;
  static fuzz::MemoryFile file;
  static const test::ScratchDirectory scratch;
  static const std::string directory = [] {
    // Where the cache is looked for lies the file in memory.
    const std::string path = data::cache_path(scratch.file("cache"), fuzz::cached().key);
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::filesystem::create_symlink(file.path(), path);
    return scratch.file("cache");
  }();
  file.set(fuzz::text(data, size));
  const Config& config = fuzz::cached().config;
  try {
    const auto cache = data::open_cache(config.model, nullptr, directory, fuzz::cached().key);
    fuzz::count(cache.has_value(), fuzz::text(data, size));
    if (!cache) return 0;
    Batch batch;
    for (std::size_t row = 0; row < cache->dataset.rows->rows(); ++row) {
      cache->dataset.rows->read(&row, 1, batch);
      fuzz::check_row(batch, config, cache->encoders->table_rows());
    }
  } catch (const Failure& failure) {
    fuzz::check(failure.error());
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  return dcrnn::fuzz::give(dcrnn::fuzz::mutated_cache(dcrnn::fuzz::text(data, size), seed), data, size, most);
}
