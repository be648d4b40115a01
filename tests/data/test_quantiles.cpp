#include <algorithm>
#include <cmath>

#include "data/moments.hpp"
#include "data/quantiles.hpp"
#include "support.hpp"

namespace dcrnn::data {
namespace {

std::vector<double> search(const std::vector<double>& values, std::size_t bins) {
  QuantileSearch quantiles(bins);
  int passes = 0;
  do {
    for (double value : values) quantiles.add(value);
    ++passes;
  } while (quantiles.end_pass());
  CHECK(passes <= 8 * std::max<int>(1, static_cast<int>(bins)));
  return quantiles.edges();
}

/// By sorting, straight from the definition: a round takes the smallest values whose share of values <= them
/// is at least i / bins; edges saved by mergers are sought among the values that are no edge yet.
std::vector<double> sorted_edges(std::vector<double> values, std::size_t bins) {
  std::sort(values.begin(), values.end());
  std::vector<double> edges;
  while (!values.empty() && edges.size() + 1 < bins) {
    const std::size_t parts = bins - edges.size();
    std::vector<double> found;
    for (std::size_t i = 1; i < parts; ++i) {
      std::size_t k = 0;
      while ((k + 1) * parts < i * values.size()) ++k;
      if (found.empty() || found.back() != values[k]) found.push_back(values[k]);
    }
    for (double edge : found) std::erase(values, edge);
    edges.insert(edges.end(), found.begin(), found.end());
  }
  std::sort(edges.begin(), edges.end());
  return edges;
}

TEST_CASE("quantiles: what mergers save goes to the other values") {
  std::vector<double> values(900, 0.0);
  for (int i = 1; i <= 100; ++i) values.push_back(i);
  CHECK(search(values, 5) == std::vector<double>{0, 25, 50, 75});
  CHECK(search({0, 0, 0, 7}, 10) == std::vector<double>{0, 7});
}

TEST_CASE("quantiles: the same edges as by sorting") {
  std::uint64_t state = 3;
  const auto random = [&state] {
    state = state * 6364136223846793005 + 1442695040888963407;
    return static_cast<double>(state >> 11) / 9007199254740992.;
  };
  for (std::size_t n : std::initializer_list<std::size_t>{0, 1, 2, 3, 7, 40, 41, 1000}) {
    for (std::size_t bins : std::initializer_list<std::size_t>{1, 2, 3, 4, 7, 40, 100}) {
      std::vector<double> wide, counts, close, constant(n, 0.1);
      for (std::size_t i = 0; i < n; ++i) {
        wide.push_back((random() - 0.5) * std::pow(10., 600 * random() - 300));
        counts.push_back(std::floor(20 * random() * random()) - 3);
        close.push_back(1 + std::floor(5 * random()) * 2.220446049250313e-16);
      }
      for (const auto& values : {wide, counts, close, constant}) {
        CHECK(search(values, bins) == sorted_edges(values, bins));
      }
    }
  }
}

TEST_CASE("quantiles: zeros of both signs are one value") {
  CHECK(search({-0.0, 0.0, -0.0, 0.0}, 4) == std::vector<double>{0.0});
}

TEST_CASE("moments: mean and deviation without cancellation") {
  Moments moments;
  CHECK(moments.deviation() == 0);
  for (int i = 0; i < 1000; ++i) moments.add(1e9 + i % 2);
  CHECK(moments.mean() == doctest::Approx(1e9 + 0.5).epsilon(1e-15));
  CHECK(moments.deviation() == doctest::Approx(0.5).epsilon(1e-9));
  Moments constant;
  for (int i = 0; i < 1000; ++i) constant.add(0.1);
  CHECK(constant.mean() == 0.1);
  CHECK(constant.deviation() == 0);
}

}  // namespace
}  // namespace dcrnn::data
