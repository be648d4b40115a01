// The packed right-hand side of a product, an opaque view. Where its parts and columns lie is said here and
// in the kernels that pack and read it, nowhere else: a format with other elements, or laid out for other
// instructions, changes nothing outside kernels/.
//
// These few functions are compiled into the files of all instruction sets, hence always inline: see
// kernels/simd/lanes.hpp.
#pragma once

#include <cstddef>
#include <type_traits>

namespace dcrnn::kernels {

/// How a table packs: into panels of `nr` columns, R(k, n) at n / nr * nr * K + k * nr + n % nr, the missing
/// columns of the last panel 0.
struct Format {
  std::size_t nr;

  /// N with the missing columns.
  [[gnu::always_inline]] constexpr std::size_t padded(std::size_t N) const { return (N + nr - 1) / nr * nr; }
};

/// An operand can be cut at columns that are a multiple of it: a multiple of every format's nr.
inline constexpr std::size_t kColumnStep = 64;

/// `parts` right-hand sides R [K, N], each packed alone, one behind the other. Element is Real for `pack`,
/// const Real for the products.
template <class Element>
struct Operand {
  Element* data;
  std::size_t K, N, parts;
  Format format;

  [[gnu::always_inline]] constexpr operator Operand<const Element>() const
      requires(!std::is_const_v<Element>) {
    return {data, K, N, parts, format};
  }

  /// Parts [first, first + count).
  [[gnu::always_inline]] constexpr Operand part(std::size_t first, std::size_t count = 1) const {
    return {data + first * K * format.padded(N), K, N, count, format};
  }
  /// Columns [first, first + count) of a single part; `first` is a multiple of kColumnStep.
  [[gnu::always_inline]] constexpr Operand columns(std::size_t first, std::size_t count) const {
    return {data + first * K, K, count, 1, format};
  }
  /// The operand of a result whose rows hold the parts at distance ld and nothing else, so that whole vectors
  /// can pass over the gaps: with columns more than N, up to ld, and as one part where a part fills ld.
  [[gnu::always_inline]] constexpr Operand spread(std::size_t ld) const {
    const std::size_t whole = format.padded(N);
    if (whole == ld) return {data, K, parts * ld, 1, format};
    return {data, K, whole < ld ? whole : ld, parts, format};
  }
};

}  // namespace dcrnn::kernels
