#include <cmath>

#include "data/shuffle.hpp"
#include "support.hpp"

namespace dcrnn::data {
namespace {

TEST_CASE("shuffle: a bijection for every n") {
  for (std::size_t n : std::initializer_list<std::size_t>{
           1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1000, 1023, 1025, 65537}) {
    for (std::uint64_t epoch : std::initializer_list<std::uint64_t>{0, 1}) {
      std::vector<int> hits(n);
      bool inside = true;
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t row = shuffled(42, epoch, n, i);
        inside = inside && row < n;
        if (row < n) ++hits[row];
      }
      CHECK(inside);
      CHECK(hits == std::vector<int>(n, 1));
    }
  }
}

TEST_CASE("shuffle: seeds and epochs give other orders, and equal ones the same") {
  constexpr std::size_t n = 10000;
  std::size_t same_epoch = 0, same_seed = 0, in_place = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t row = shuffled(1, 1, n, i);
    CHECK_EQ(row, shuffled(1, 1, n, i));
    same_epoch += row == shuffled(1, 2, n, i) ? 1 : 0;
    same_seed += row == shuffled(2, 1, n, i) ? 1 : 0;
    in_place += row == i ? 1 : 0;
  }
  // Each is about Poisson(1).
  CHECK(same_epoch < 10);
  CHECK(same_seed < 10);
  CHECK(in_place < 10);
}

TEST_CASE("shuffle: positions spread evenly over rows, over epochs") {
  // Over many epochs every (position, row) pair of a small n should be about equally frequent.
  constexpr std::size_t n = 10;
  constexpr int epochs = 20000;
  std::vector<double> counts(n * n);
  for (std::uint64_t epoch = 0; epoch < epochs; ++epoch) {
    for (std::size_t i = 0; i < n; ++i) ++counts[i * n + shuffled(3, epoch, n, i)];
  }
  double chi_square = 0;
  for (double count : counts) chi_square += (count - epochs / 10.) * (count - epochs / 10.) / (epochs / 10.);
  CHECK(chi_square < 81 + 5 * std::sqrt(2 * 81.));  // 81 degrees of freedom, five deviations

  // Neighbours do not stay near each other.
  constexpr std::size_t many = 100000;
  double distance = 0;
  for (std::size_t i = 0; i + 1 < many; ++i) {
    distance += std::abs(static_cast<double>(shuffled(5, 0, many, i)) -
                         static_cast<double>(shuffled(5, 0, many, i + 1)));
  }
  CHECK(distance / many == doctest::Approx(many / 3.).epsilon(0.02));
}

}  // namespace
}  // namespace dcrnn::data
