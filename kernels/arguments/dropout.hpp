// Arguments of dropout. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dcrnn::kernels {

/// x [B, N] *= mask / (1 - rate) in place: unit n of row b is dropped iff the 32-bit word
/// philox(seed, dropout, stream, (first_row + b) * ceil(N / 4) + n / 4)[n % 4] < threshold.
template <class Real>
struct Dropout {
  std::size_t B, N;
  Real* x;
  std::size_t ldx;
  std::uint64_t seed;
  std::uint32_t stream;     ///< which use of dropout in the model
  std::uint64_t first_row;  ///< ordinal of row 0 among all rows trained
  std::uint32_t threshold;  ///< rate * 2^32
  Real scale;               ///< 1 / (1 - rate)
};

}  // namespace dcrnn::kernels
