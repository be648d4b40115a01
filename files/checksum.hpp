// XXH64 over a row of pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace dcrnn::files {

/// Each piece is hashed with the sum so far as its seed, so that no two rows of pieces run into the same
/// bytes.
class Checksum {
 public:
  void add(std::string_view piece);
  void add(std::span<const std::byte> piece);
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

}  // namespace dcrnn::files
