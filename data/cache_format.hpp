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
  std::uint64_t content = 0;  ///< CacheContent
  std::uint64_t check = 0;    ///< XXH64 of the members above
  std::uint64_t magic = kCacheMagic;

  std::uint64_t own_hash() const {
    return xxh64({reinterpret_cast<const char*>(this), offsetof(CacheTrailer, check)}, kCacheFormat);
  }
};

/// Hash of what a cache says, whatever the files it was made of: the records without their checks, the items,
/// the encoders.
class CacheContent {
 public:
  explicit CacheContent(std::uint64_t schema) : all_(schema) {}

  /// A row: its record up to the checks, and its items.
  void add(std::string_view record, std::string_view items) {
    all_.add(record);
    items_.add(items);
  }
  std::uint64_t digest(std::string_view encoders) {
    const std::uint64_t items = items_.digest();
    all_.add({reinterpret_cast<const char*>(&items), sizeof items});
    all_.add(encoders);
    return all_.digest();
  }

 private:
  Hasher all_, items_;
};

/// The counts of all fields, U64 [F, 4], where a cache holds no encoders.
inline constexpr const char* kCountsTensor = "counts";

/// Tensors as bytes and back. The views point into `bytes`; false if they are malformed.
std::string pack_tensors(const std::vector<TensorView>& tensors);
bool unpack_tensors(std::string_view bytes, std::vector<TensorView>& tensors);

}  // namespace dcrnn::data
