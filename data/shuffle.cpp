#include "data/shuffle.hpp"

#include <bit>

#include "core/random.hpp"

namespace dcrnn::data {
namespace {

/// Four keys for eight rounds, each used twice, drawn from the counter of the epoch.
constexpr int kRounds = 8;

/// Mixes half a position with the key of a round (the finalizer of SplitMix64).
std::uint64_t mix(std::uint64_t half, std::uint64_t key) {
  std::uint64_t z = half * 0x9E3779B97F4A7C15 + key;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace

std::size_t shuffled(std::uint64_t seed, std::uint64_t epoch, std::size_t n, std::size_t position) {
  const int bits = n > 1 ? static_cast<int>(std::bit_width(n - 1) + 1) / 2 : 1;  // of each half
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  const auto key = philox(seed, RandomUse::shuffle, 0, epoch);
  std::uint64_t x = position;
  do {
    std::uint64_t left = x >> bits;
    std::uint64_t right = x & mask;
    for (unsigned round = 0; round < kRounds; ++round) {
      const std::uint64_t round_key = (std::uint64_t{key[round % 4]} << 32) + round;
      const std::uint64_t next = left ^ (mix(right, round_key) & mask);
      left = right;
      right = next;
    }
    x = (left << bits) | right;
  } while (x >= n);
  return x;
}

}  // namespace dcrnn::data
