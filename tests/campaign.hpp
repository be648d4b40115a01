// Tests that are run for a share of their cases, drawn by a seed, and for all of them by `ctest -L campaign`.
#pragma once

#include <cstdlib>
#include <random>
#include <vector>

namespace dcrnn::test {

/// True in a campaign: every case is run.
inline bool campaign() {
  return std::getenv("DCRNN_CAMPAIGN") != nullptr;
}

/// 0 .. n - 1 in a campaign, else about `share` of them, the first and the last among them. DCRNN_SEED draws
/// others.
inline std::vector<std::size_t> drawn_cases(std::size_t n, std::size_t share) {
  const char* seed = std::getenv("DCRNN_SEED");
  std::mt19937_64 draw(seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10));
  std::vector<std::size_t> cases;
  for (std::size_t i = 0; i < n; ++i) {
    if (campaign() || i == 0 || i + 1 == n || draw() % n < share) cases.push_back(i);
  }
  return cases;
}

}  // namespace dcrnn::test
