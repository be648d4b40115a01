// GAUC and nDCG against sums over pairs and permutations of each group.
#include "train/ranking.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace dcrnn::train {
namespace {

struct Row {
  std::uint32_t group;
  float score;
  bool label;
  double weight;
};

GroupRanking gathered(const std::vector<Row>& rows) {
  GroupRanking ranking;
  for (const Row& row : rows) ranking.add(row.group, row.score, row.label, row.weight);
  return ranking;
}

std::map<std::uint32_t, std::vector<Row>> by_group(const std::vector<Row>& rows) {
  std::map<std::uint32_t, std::vector<Row>> groups;
  for (const Row& row : rows) {
    if (row.weight > 0) groups[row.group].push_back(row);
  }
  return groups;
}

double pairwise_gauc(const std::vector<Row>& rows) {
  double sum = 0, total = 0;
  for (const auto& [unused, group] : by_group(rows)) {
    double right = 0, pairs = 0, weight = 0;
    for (const Row& a : group) {
      weight += a.weight;
      for (const Row& b : group) {
        if (!a.label || b.label) continue;
        pairs += a.weight * b.weight;
        right += a.weight * b.weight * (a.score > b.score ? 1.0 : a.score == b.score ? 0.5 : 0.0);
      }
    }
    if (pairs == 0) continue;
    sum += weight * right / pairs;
    total += weight;
  }
  return sum / total;
}

double gain(const std::vector<bool>& labels, std::size_t k) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(k, labels.size()); ++i) {
    if (labels[i]) sum += std::log(2.0) / std::log(static_cast<double>(i) + 2);
  }
  return sum;
}

/// The mean over all orders that the scores allow is that of one row in every place of its tie.
double expected_ndcg(const std::vector<Row>& rows, std::size_t k) {
  double sum = 0, total = 0;
  for (auto [unused, group] : by_group(rows)) {
    std::vector<bool> ideal;
    double weight = 0;
    for (const Row& row : group) {
      ideal.push_back(row.label);
      weight += row.weight;
    }
    std::sort(ideal.begin(), ideal.end(), std::greater<>());
    if (ideal.empty() || !ideal[0]) continue;
    double dcg = 0;
    for (const Row& row : group) {
      if (!row.label) continue;
      const auto above =
          std::count_if(group.begin(), group.end(), [&](const Row& r) { return r.score > row.score; });
      const auto tied =
          std::count_if(group.begin(), group.end(), [&](const Row& r) { return r.score == row.score; });
      for (std::ptrdiff_t place = above; place < above + tied; ++place) {
        if (static_cast<std::size_t>(place) < k) {
          dcg += std::log(2.0) / std::log(static_cast<double>(place) + 2) / static_cast<double>(tied);
        }
      }
    }
    weight /= static_cast<double>(group.size());
    sum += weight * dcg / gain(ideal, k);
    total += weight;
  }
  return sum / total;
}

std::vector<Row> random_rows(std::uint64_t seed, std::size_t count, std::size_t groups, std::size_t scores) {
  std::uint64_t state = seed;
  const auto random = [&state](std::uint64_t n) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % n;
  };
  std::vector<Row> rows;
  for (std::size_t i = 0; i < count; ++i) {
    rows.push_back({static_cast<std::uint32_t>(random(groups)), static_cast<float>(random(scores)) / 7.0f,
                    random(3) == 0, static_cast<double>(random(5)) / 3.0});
  }
  return rows;
}

TEST_CASE("ranking: GAUC and nDCG are those of pairs and places") {
  for (const auto& [count, groups, scores] :
       {std::tuple(2000, 50, 1000), {2000, 300, 4}, {500, 500, 2}, {300, 1, 40}}) {
    const std::vector<Row> rows =
        random_rows(static_cast<std::uint64_t>(count + scores), static_cast<std::size_t>(count),
                    static_cast<std::size_t>(groups), static_cast<std::size_t>(scores));
    GroupRanking ranking = gathered(rows);
    CHECK(std::abs(*ranking.gauc().value - pairwise_gauc(rows)) < 1e-12);
    for (const std::size_t k : std::vector<std::size_t>{1, 2, 5, 10, 1000000}) {
      CHECK(std::abs(*ranking.ndcg(k).value - expected_ndcg(rows, k)) < 1e-12);
    }
  }
}

TEST_CASE("ranking: by hand") {
  // Group 1 is ranked right, group 2 (twice the weight) wrong, 3 and 4 have one class.
  GroupRanking ranking = gathered({{1, 0.9f, true, 1},
                                   {1, 0.1f, false, 1},
                                   {2, 0.1f, true, 2},
                                   {2, 0.9f, false, 2},
                                   {3, 0.5f, true, 1},
                                   {4, 0.5f, false, 1},
                                   {5, 0.5f, true, 0}});
  CHECK(*ranking.gauc().value == doctest::Approx(1.0 / 3));
  CHECK((ranking.gauc().groups == 2 && ranking.gauc().left_out == 2));
  CHECK(*ranking.ndcg(1).value == doctest::Approx((1.0 + 0.0 + 1.0) / (1 + 2 + 1)));
  CHECK((ranking.ndcg(1).groups == 3 && ranking.ndcg(1).left_out == 1));
  CHECK(*ranking.ndcg(2).value == doctest::Approx((1.0 + 2 / std::log2(3) + 1.0) / 4));
  GroupRanking none;
  CHECK_FALSE(none.gauc().value);
  CHECK_FALSE(none.ndcg(3).value);
}

TEST_CASE("ranking: neither the order of the rows nor the unit of the weights changes it") {
  const std::vector<Row> rows = random_rows(3, 1000, 40, 9);
  std::vector<Row> reversed(rows.rbegin(), rows.rend()), large = rows, small = rows;
  for (Row& row : large) row.weight *= 0x1p1000;
  for (Row& row : small) row.weight *= 0x1p-1000;
  GroupRanking usual = gathered(rows);
  for (const auto& other : {reversed, large, small}) {
    GroupRanking ranking = gathered(other);
    CHECK(*ranking.gauc().value == *usual.gauc().value);
    CHECK(*ranking.ndcg(5).value == *usual.ndcg(5).value);
  }
}

}  // namespace
}  // namespace dcrnn::train
