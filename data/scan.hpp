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
  std::uint64_t special;  ///< bit i: byte i is a mark, CR, LF or NUL
  bool high;              ///< some byte is not ASCII
};

#ifdef __SSE2__

/// The bytes to which a dialect gives a meaning, ready to be compared.
class Marks {
 public:
  Marks(char separator, char quote, char escape)
      : separator_(_mm_set1_epi8(separator)), quote_(_mm_set1_epi8(quote)), escape_(_mm_set1_epi8(escape)) {}

  /// Reads 64 bytes at `block`.
  BlockScan scan(const char* block) const {
    std::uint64_t special = 0;
    int high = 0;
    for (int part = 0; part < 4; ++part) {
      const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * part));
      const auto is = [x](__m128i c) { return _mm_cmpeq_epi8(x, c); };
      const __m128i mark = _mm_or_si128(_mm_or_si128(is(separator_), is(quote_)), is(escape_));
      const __m128i end = _mm_or_si128(_mm_or_si128(is(_mm_set1_epi8('\n')), is(_mm_set1_epi8('\r'))),
                                       is(_mm_setzero_si128()));
      const int found = _mm_movemask_epi8(_mm_or_si128(mark, end));
      special |= static_cast<std::uint64_t>(static_cast<unsigned>(found)) << (16 * part);
      high |= _mm_movemask_epi8(x);
    }
    return {special, high != 0};
  }

 private:
  __m128i separator_, quote_, escape_;
};

#else

/// The bytes to which a dialect gives a meaning, ready to be compared.
class Marks {
 public:
  Marks(char separator, char quote, char escape)
      : separator_(spread(separator)), quote_(spread(quote)), escape_(spread(escape)) {}

  /// Reads 64 bytes at `block`.
  BlockScan scan(const char* block) const {
    std::uint64_t special = 0;
    std::uint64_t high = 0;
    for (int part = 0; part < 8; ++part) {
      std::uint64_t x;
      std::memcpy(&x, block + 8 * part, 8);
      // 0x80 in exactly those bytes of x that equal those of c.
      const auto is = [x](std::uint64_t c) {
        const std::uint64_t y = x ^ c;
        return ~(((y & kLow) + kLow) | y | kLow);
      };
      const std::uint64_t found =
          is(separator_) | is(quote_) | is(escape_) | is(spread('\n')) | is(spread('\r')) | is(spread('\0'));
      special |= (((found >> 7) * 0x0102040810204080) >> 56) << (8 * part);
      high |= x & ~kLow;
    }
    return {special, high != 0};
  }

 private:
  static constexpr std::uint64_t kLow = 0x7F7F7F7F7F7F7F7F;
  static constexpr std::uint64_t spread(char c) {
    return std::uint64_t{0x0101010101010101} * static_cast<unsigned char>(c);
  }
  std::uint64_t separator_, quote_, escape_;
};

#endif

/// Walks the special bytes of a text that ends with a NUL and 63 more readable bytes.
class SpecialBytes {
 public:
  SpecialBytes() = default;
  SpecialBytes(const char* text, const Marks& marks) : block_(text), scan_(marks.scan(text)) {}

  /// The next special byte; the caller stops at the NUL that ends the text. `marks`: always the same.
  const char* next(const Marks& marks) {
    while (scan_.special == 0) {
      block_ += 64;
      scan_ = marks.scan(block_);
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
