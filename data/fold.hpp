// Rows cut into folds, so that a model can be asked about rows it has not seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "data/hash.hpp"

namespace dcrnn::data {

/// The fold of training row `row`, counted from 0 over all files: XXH64 of its 8 bytes, low byte first, with
/// `seed`, modulo `folds`.
inline std::size_t fold_of_row(std::uint64_t row, std::uint64_t seed, std::size_t folds) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(row >> (8 * i) & 0xFF);
  return static_cast<std::size_t>(xxh64(std::string_view(bytes, sizeof bytes), seed) % folds);
}

/// A fold whose rows do not take part in a training.
struct LeftOut {
  std::uint64_t seed = 0;
  std::size_t folds = 0;  ///< 0: all rows take part
  std::size_t fold = 0;

  bool takes(std::uint64_t row) const { return folds == 0 || fold_of_row(row, seed, folds) != fold; }
};

}  // namespace dcrnn::data
