// A pseudo-random order of n rows that needs no memory: position -> row, a bijection of [0, n).
#pragma once

#include <cstddef>
#include <cstdint>

namespace dcrnn::data {

/// Row at `position` (< n) in the order of (seed, epoch): a Feistel network over the next power of four >= n,
/// walked until it lands inside n (cycle walking; Black & Rogaway, CT-RSA 2002).
std::size_t shuffled(std::uint64_t seed, std::uint64_t epoch, std::size_t n, std::size_t position);

}  // namespace dcrnn::data
