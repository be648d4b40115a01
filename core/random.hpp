// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011). A draw is a pure function of (seed, use, index): no state to lose, no order to depend on.
#pragma once

#include <array>
#include <cstdint>

namespace dcrnn {

/// What a stream of numbers is for; part of the counter, so that two uses never share numbers.
enum class RandomUse : std::uint32_t {
  init = 1,
  shuffle = 2,
  dropout = 3,
  unknown = 4,
  synth = 5,
  check = 6
};

/// Four independent uniform 32-bit words for (seed, use, stream, index).
inline std::array<std::uint32_t, 4> philox(std::uint64_t seed, RandomUse use, std::uint32_t stream,
                                           std::uint64_t index) {
  std::array<std::uint32_t, 4> c = {static_cast<std::uint32_t>(index),
                                    static_cast<std::uint32_t>(index >> 32), stream,
                                    static_cast<std::uint32_t>(use)};
  std::uint32_t k0 = static_cast<std::uint32_t>(seed);
  std::uint32_t k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

/// A 32-bit word as a uniform number in [0, 1).
inline double to_unit(std::uint32_t word) {
  return word * (1.0 / 4294967296.0);
}

}  // namespace dcrnn
