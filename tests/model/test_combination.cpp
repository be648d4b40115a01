// What the gradients of tasks have to do with each other, and pcgrad, on vectors small enough to do by hand.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "model/combination.hpp"

namespace dcrnn::model {

namespace {

using Vectors = std::vector<std::vector<double>>;

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

std::vector<double> gram_of(const Vectors& g) {
  std::vector<double> gram;
  for (const auto& a : g) {
    for (const auto& b : g) gram.push_back(dot(a, b));
  }
  return gram;
}

/// The sum of all p_i.
std::vector<double> combined(const Vectors& g, std::uint64_t step) {
  std::vector<double> p(g.size()), weight(g.size()), sum(g[0].size());
  project_conflicts(gram_of(g).data(), g.size(), step, p.data(), weight.data());
  for (std::size_t j = 0; j < g.size(); ++j) {
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += weight[j] * g[j][k];
  }
  return sum;
}

void check(const std::vector<double>& got, const std::vector<double>& want) {
  REQUIRE(got.size() == want.size());
  for (std::size_t k = 0; k < got.size(); ++k) CHECK(std::abs(got[k] - want[k]) < 1e-14);
}

}  // namespace

TEST_CASE("three gradients that conflict, in both orders") {
  const Vectors g = {{1, 0, 0}, {-1, 1, 0}, {-1, -2, 1}};
  check(combined(g, 0), {-3. / 4, -1. / 3, 17. / 12});
  check(combined(g, 1), {-1. / 12, -11. / 12, 3. / 2});
  check(combined(g, 2), {-3. / 4, -1. / 3, 17. / 12});
}

TEST_CASE("what does not conflict is added up") {
  check(combined({{2, -3}}, 5), {2, -3});
  check(combined({{1, 1}, {1, 0}, {0, 1}}, 1), {2, 2});
  check(combined({{1, 0}, {0, 0}, {0, 2}}, 0), {1, 2});
}

TEST_CASE("opposite gradients leave nothing") {
  check(combined({{1, 2}, {-2, -4}}, 0), {0, 0});
}

TEST_CASE("norms and cosines") {
  double norm[3], cosine[9];
  compare_gradients(gram_of({{3, 4}, {0, 0}, {-4, 3}}).data(), 3, norm, cosine);
  check({norm, norm + 3}, {5, 0, 5});
  check({cosine, cosine + 9}, {1, 0, 0, 0, 0, 0, 0, 0, 1});
  compare_gradients(gram_of({{1, 0}, {-1, 1}, {0, 2}}).data(), 3, norm, cosine);
  const double r = std::sqrt(0.5);
  check({cosine, cosine + 9}, {1, -r, 0, -r, 1, r, 0, r, 1});
}

}  // namespace dcrnn::model
