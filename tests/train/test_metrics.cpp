// Metrics against brute force over all pairs and all rows.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random.hpp"
#include "train/metrics.hpp"

namespace dcrnn::train {

namespace {

struct Row {
  float score;
  bool label;
  double weight;
};

std::vector<Row> random_rows(std::size_t n, std::uint64_t seed, unsigned levels, bool weighted) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < n; ++i) {
    const auto words = philox(seed, RandomUse::check, 9, i);
    const auto score = static_cast<float>(words[0] % levels) / static_cast<float>(levels);
    rows.push_back({score, to_unit(words[1]) < 0.2 + 0.6 * static_cast<double>(score),
                    weighted ? static_cast<double>(words[2] % 4) : 1.0});
  }
  return rows;
}

BinaryMetrics gather(const std::vector<Row>& rows) {
  BinaryMetrics metrics;
  for (const Row& row : rows) metrics.add(row.score, row.label, row.weight);
  return metrics;
}

double auc_of_all_pairs(const std::vector<Row>& rows) {
  double right = 0, pairs = 0;
  for (const Row& positive : rows) {
    for (const Row& negative : rows) {
      if (!positive.label || negative.label) continue;
      const double w = positive.weight * negative.weight;
      pairs += w;
      right += w * (positive.score > negative.score ? 1.0 : positive.score == negative.score ? 0.5 : 0.0);
    }
  }
  return right / pairs;
}

/// Of each row its place in the order, of each place its bin: bin k holds k n / 20 to (k + 1) n / 20.
double ece_by_places(std::vector<Row> rows) {
  std::erase_if(rows, [](const Row& row) { return row.weight == 0; });
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.score < b.score; });
  const std::size_t n = rows.size();
  double error = 0, total = 0;
  for (const Row& row : rows) total += row.weight;
  for (std::size_t bin = 0; bin < 20; ++bin) {
    double gap = 0;
    for (std::size_t at = bin * n / 20; at < (bin + 1) * n / 20; ++at) {
      // Tied rows share their gap.
      double shared = 0, tied = 0;
      for (const Row& row : rows) {
        if (row.score != rows[at].score) continue;
        shared += row.weight * (static_cast<double>(row.score) - (row.label ? 1 : 0));
        ++tied;
      }
      gap += shared / tied;
    }
    error += std::abs(gap);
  }
  return error / total;
}

}  // namespace

TEST_CASE("AUC equals the share of rightly ranked pairs, ties and weights included") {
  for (unsigned levels : {2U, 7U, 100000U}) {
    for (bool weighted : {false, true}) {
      const std::vector<Row> rows = random_rows(400, levels, levels, weighted);
      CHECK(gather(rows).auc().value() == doctest::Approx(auc_of_all_pairs(rows)).epsilon(1e-12));
    }
  }
}

TEST_CASE("weights of any range, in any order") {
  for (const bool newest_first : {false, true}) {
    std::vector<Row> rows = random_rows(600, 17, 50, false);
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i].weight = std::pow(10.0, static_cast<double>(i) - 300);
    if (newest_first) std::reverse(rows.begin(), rows.end());
    BinaryMetrics metrics = gather(rows);
    // Whatever is ten decades below the largest of its class does not show.
    const auto drop = [&](bool label) {
      double largest = 0;
      for (const Row& row : rows) largest = row.label == label ? std::max(largest, row.weight) : largest;
      std::erase_if(rows, [&](const Row& row) { return row.label == label && row.weight < 1e-12 * largest; });
      for (Row& row : rows) row.weight /= row.label == label ? largest : 1;
    };
    drop(false);
    drop(true);
    CHECK(metrics.auc().value() == doctest::Approx(auc_of_all_pairs(rows)).epsilon(1e-10));
  }
  BinaryMetrics extreme;
  for (int i = 0; i < 1000; ++i)
    extreme.add(i % 2 == 0 ? 0.75F : 0.25F, i % 2 == 0, i % 2 == 0 ? 1e300 : 1e-300);
  CHECK(extreme.auc() == 1.0);
  CHECK(extreme.ece().value() == doctest::Approx(0.25).epsilon(1e-12));
  CHECK(extreme.mean_label() == 1.0);
  CHECK(extreme.mean_score() == 0.75);
}

TEST_CASE("AUC of a perfect, an inverted and a constant score; undefined with one class") {
  BinaryMetrics perfect, inverted, constant, one_class, empty;
  for (int i = 0; i < 10; ++i) {
    perfect.add(static_cast<float>(i), i >= 5, 1);
    inverted.add(static_cast<float>(-i), i >= 5, 1);
    constant.add(0.5F, i >= 5, 1);
    one_class.add(static_cast<float>(i), true, 1);
  }
  CHECK(perfect.auc() == 1.0);
  CHECK(inverted.auc() == 0.0);
  CHECK(constant.auc() == 0.5);
  CHECK_FALSE(one_class.auc().has_value());
  CHECK_FALSE(empty.auc().has_value());
  CHECK_FALSE(empty.ece().has_value());
}

TEST_CASE("ECE: bins of equal count, by hand") {
  // Two bins of two rows: |0.1 + 0.2 - 1| and |0.7 + 0.9 - 1|, over 4 rows.
  BinaryMetrics metrics;
  metrics.add(0.9F, true, 1);
  metrics.add(0.1F, false, 1);
  metrics.add(0.7F, false, 1);
  metrics.add(0.2F, true, 1);
  CHECK(metrics.ece(2).value() == doctest::Approx((0.7 + 0.6) / 4).epsilon(1e-6));
}

TEST_CASE("ECE by its definition: any number of rows, ties and weights included") {
  for (const std::size_t n : std::vector<std::size_t>{1, 7, 20, 39, 133, 407}) {
    for (unsigned levels : {2U, 7U, 100000U}) {
      for (bool weighted : {false, true}) {
        CAPTURE(n);
        CAPTURE(levels);
        CAPTURE(weighted);
        std::vector<Row> rows = random_rows(n, n + levels, levels, weighted);
        rows[0].weight = 2;  // so that not all are 0
        CHECK(gather(rows).ece().value() == doctest::Approx(ece_by_places(rows)).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("ECE does not depend on the order of tied rows") {
  // A calibrated constant score has no error, although every bin border falls inside the tie.
  BinaryMetrics metrics;
  for (int i = 0; i < 1000; ++i) metrics.add(0.25F, i % 4 == 0, 1);
  CHECK(metrics.ece().value() == doctest::Approx(0).epsilon(1e-12));
  CHECK(metrics.mean_score().value() == doctest::Approx(0.25));
  CHECK(metrics.mean_label().value() == doctest::Approx(0.25));
}

TEST_CASE("a row of weight 0 changes no figure") {
  std::vector<Row> rows = random_rows(50, 3, 10, true);
  BinaryMetrics with = gather(rows);
  std::erase_if(rows, [](const Row& row) { return row.weight == 0; });
  BinaryMetrics without = gather(rows);
  CHECK(with.auc() == without.auc());
  CHECK(with.ece() == without.ece());
  CHECK(with.rows() == 50);
}

}  // namespace dcrnn::train
