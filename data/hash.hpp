// XXH64 and XXH3 (xxHash), compiled into the caller.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace dcrnn::data {

/// XXH64 of `bytes`; with seed 0 it is the hash of `encoding: hash`.
inline std::uint64_t xxh64(std::string_view bytes, std::uint64_t seed = 0) {
  return XXH64(bytes.data(), bytes.size(), seed);
}

/// XXH64 of bytes that come in pieces.
class Hasher {
 public:
  explicit Hasher(std::uint64_t seed = 0) { XXH64_reset(&state_, seed); }
  void add(std::string_view bytes) { XXH64_update(&state_, bytes.data(), bytes.size()); }
  std::uint64_t digest() const { return XXH64_digest(&state_); }

 private:
  XXH64_state_t state_;
};

/// XXH3 of a file that is read in pieces: fast enough to go along with parsing it.
class FileDigest {
 public:
  FileDigest() { XXH3_64bits_reset(&state_); }
  void add(std::string_view bytes) { XXH3_64bits_update(&state_, bytes.data(), bytes.size()); }
  std::uint64_t value() const { return XXH3_64bits_digest(&state_); }

 private:
  XXH3_state_t state_;
};

}  // namespace dcrnn::data
