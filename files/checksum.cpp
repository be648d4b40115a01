#include "files/checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace dcrnn::files {

void Checksum::add(std::string_view piece) {
  value_ = XXH64(piece.data(), piece.size(), value_);
}

void Checksum::add(std::span<const std::byte> piece) {
  value_ = XXH64(piece.data(), piece.size(), value_);
}

}  // namespace dcrnn::files
