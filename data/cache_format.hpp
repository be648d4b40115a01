// The fixed parts of a cache file, shared by its writer and its reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.hpp"
#include "data/hash.hpp"

namespace dcrnn::data {

inline constexpr std::uint64_t kCacheMagic = 0x3143'4E4E'5243'4401;  // also tells the byte order
inline constexpr std::uint64_t kCacheFormat = 2;
inline constexpr std::size_t kCacheHeaderSize = 64;

struct CacheHeader {
  std::uint64_t magic = kCacheMagic;
  std::uint64_t format = kCacheFormat;
  std::uint64_t reserved[6] = {};
};
static_assert(sizeof(CacheHeader) == kCacheHeaderSize);

struct CacheTrailer {
  std::uint64_t key = 0;
  std::uint64_t rows = 0;
  std::uint64_t record_size = 0;
  std::uint64_t items = 0;
  std::uint64_t encoders_size = 0;
  std::uint64_t content = 0;  ///< XXH64 of all between header and trailer, seeded with the schema
  std::uint64_t check = 0;    ///< XXH64 of the members above
  std::uint64_t magic = kCacheMagic;

  std::uint64_t own_hash() const {
    return xxh64({reinterpret_cast<const char*>(this), offsetof(CacheTrailer, check)}, kCacheFormat);
  }
};

/// The counts of all fields, U64 [F, 4], where a cache holds no encoders.
inline constexpr const char* kCountsTensor = "counts";

/// Tensors as bytes and back. The views point into `bytes`; false if they are malformed.
std::string pack_tensors(const std::vector<TensorView>& tensors);
bool unpack_tensors(std::string_view bytes, std::vector<TensorView>& tensors);

}  // namespace dcrnn::data
