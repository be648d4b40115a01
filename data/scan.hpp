// Finds the bytes that mean something to CSV, 64 at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace dcrnn::data {

/// What stands in a block of 64 bytes.
struct BlockScan {
  std::uint64_t special;  ///< bit i: byte i is a comma, quote, CR, LF or NUL
  bool high;              ///< some byte is not ASCII
};

#ifdef __SSE2__

/// Reads 64 bytes at `block`.
inline BlockScan scan_block(const char* block) {
  std::uint64_t special = 0;
  int high = 0;
  for (int part = 0; part < 4; ++part) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * part));
    const auto is = [x](char c) { return _mm_cmpeq_epi8(x, _mm_set1_epi8(c)); };
    const __m128i found = _mm_or_si128(_mm_or_si128(_mm_or_si128(is(','), is('\n')), is('"')),
                                       _mm_or_si128(is('\r'), is('\0')));
    special |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found))) << (16 * part);
    high |= _mm_movemask_epi8(x);
  }
  return {special, high != 0};
}

#else

/// Reads 64 bytes at `block`.
inline BlockScan scan_block(const char* block) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kLow = 0x7F7F7F7F7F7F7F7F;
  std::uint64_t special = 0;
  std::uint64_t high = 0;
  for (int part = 0; part < 8; ++part) {
    std::uint64_t x;
    std::memcpy(&x, block + 8 * part, 8);
    // 0x80 in exactly those bytes of x that equal c.
    const auto is = [x](char c) {
      const std::uint64_t y = x ^ (kOnes * static_cast<unsigned char>(c));
      return ~(((y & kLow) + kLow) | y | kLow);
    };
    const std::uint64_t found = is(',') | is('\n') | is('"') | is('\r') | is('\0');
    special |= (((found >> 7) * 0x0102040810204080) >> 56) << (8 * part);
    high |= x & ~kLow;
  }
  return {special, high != 0};
}

#endif

/// Walks the special bytes of a text that ends with a NUL and 63 more readable bytes.
class SpecialBytes {
 public:
  SpecialBytes() = default;
  explicit SpecialBytes(const char* text) : block_(text), scan_(scan_block(text)) {}

  /// The next special byte; the caller stops at the NUL that ends the text.
  const char* next() {
    while (scan_.special == 0) {
      block_ += 64;
      scan_ = scan_block(block_);
      high_ = high_ || scan_.high;
    }
    const char* found = block_ + std::countr_zero(scan_.special);
    scan_.special &= scan_.special - 1;
    return found;
  }
  /// From here on high() tells whether a byte that is not ASCII may have been passed.
  void restart_high() { high_ = scan_.high; }
  bool high() const { return high_; }

 private:
  const char* block_ = nullptr;
  BlockScan scan_{0, false};
  bool high_ = false;
};

}  // namespace dcrnn::data
