#include <doctest/doctest.h>

#include <cmath>

#include "core/random.hpp"

using namespace dcrnn;
using Words = std::array<std::uint32_t, 4>;

// Known answers of the authors' Random123 library (tests/kat_vectors, philox4x32-10): counter words in order,
// then key words. Our counter is (index low, index high, stream, use), our key (seed low, seed high).
TEST_CASE("philox4x32-10 gives the published numbers") {
  CHECK(philox(0, RandomUse{0}, 0, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox(0xffffffffffffffff, RandomUse{0xffffffff}, 0xffffffff, 0xffffffffffffffff) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox(0x299f31d0a4093822, RandomUse{0x03707344}, 0x13198a2e, 0x85a308d3243f6a88) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("every part of the key changes the numbers") {
  const Words base = philox(1, RandomUse::init, 2, 3);
  CHECK(philox(1, RandomUse::init, 2, 3) == base);
  CHECK(philox(2, RandomUse::init, 2, 3) != base);
  CHECK(philox(1, RandomUse::dropout, 2, 3) != base);
  CHECK(philox(1, RandomUse::init, 3, 3) != base);
  CHECK(philox(1, RandomUse::init, 2, 4) != base);
  CHECK(philox(1, RandomUse::init, 2, 3 + (std::uint64_t{1} << 32)) != base);
  CHECK(philox(1 + (std::uint64_t{1} << 32), RandomUse::init, 2, 3) != base);
}

TEST_CASE("unit numbers are uniform in [0, 1)") {
  CHECK(to_unit(0) == 0.0);
  CHECK(to_unit(0x80000000) == 0.5);
  CHECK(to_unit(0xffffffff) < 1.0);
  double sum = 0, squares = 0;
  constexpr int kDraws = 40000;
  for (std::uint64_t i = 0; i < kDraws / 4; ++i) {
    for (std::uint32_t word : philox(7, RandomUse::check, 0, i)) {
      const double u = to_unit(word);
      sum += u;
      squares += u * u;
    }
  }
  CHECK(std::abs(sum / kDraws - 0.5) < 5 * std::sqrt(1.0 / 12 / kDraws));
  CHECK(std::abs(squares / kDraws - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / kDraws));
}
