// The statistics of compare against the definitions written out, and against closed forms.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "compare/statistics.hpp"

namespace {

using namespace dcrnn::compare;
using Numbers = std::vector<double>;
using Labels = std::vector<std::uint8_t>;

double beats(double positive, double negative) {
  return positive > negative ? 1 : positive == negative ? 0.5 : 0;
}

/// DeLong's test by its definition: every positive against every negative, O(m n).
struct Direct {
  Numbers auc;
  double p = 1;
};
Direct direct(const std::vector<Numbers>& scores, const Labels& labels) {
  std::vector<Numbers> v10(2), v01(2);
  Direct result;
  std::vector<std::size_t> positive, negative;
  for (std::size_t i = 0; i < labels.size(); ++i) (labels[i] != 0 ? positive : negative).push_back(i);
  const double m = static_cast<double>(positive.size()), n = static_cast<double>(negative.size());
  for (std::size_t k = 0; k < 2; ++k) {
    double total = 0;
    for (const std::size_t i : positive) {
      double sum = 0;
      for (const std::size_t j : negative) sum += beats(scores[k][i], scores[k][j]);
      v10[k].push_back(sum / n);
      total += sum;
    }
    for (const std::size_t j : negative) {
      double sum = 0;
      for (const std::size_t i : positive) sum += beats(scores[k][i], scores[k][j]);
      v01[k].push_back(sum / m);
    }
    result.auc.push_back(total / (m * n));
  }
  const auto covariance = [&](const std::vector<Numbers>& v, std::size_t k, std::size_t l) {
    double sum = 0;
    for (std::size_t i = 0; i < v[0].size(); ++i) {
      sum += (v[k][i] - result.auc[k]) * (v[l][i] - result.auc[l]);
    }
    return sum / static_cast<double>(v[0].size() - 1);
  };
  const auto s = [&](std::size_t k, std::size_t l) {
    return covariance(v10, k, l) / m + covariance(v01, k, l) / n;
  };
  const double z = (result.auc[0] - result.auc[1]) / std::sqrt(s(0, 0) + s(1, 1) - 2 * s(0, 1));
  result.p = std::erfc(std::abs(z) / std::numbers::sqrt2);
  return result;
}

}  // namespace

TEST_CASE("DeLong's test is that of its definition, with ties and without") {
  std::mt19937_64 draw(7);
  std::normal_distribution<double> noise;
  for (const double step : {0.0, 0.5}) {
    std::vector<Numbers> scores(2);
    Labels labels;
    for (std::size_t i = 0; i < 301; ++i) {
      labels.push_back(i % 3 == 0);
      const double common = noise(draw) + labels.back();
      for (Numbers& of_model : scores) {
        const double score = common + 0.4 * noise(draw);
        of_model.push_back(step > 0 ? std::round(score / step) * step : score);
      }
    }
    const Direct expected = direct(scores, labels);
    CAPTURE(step);
    CHECK(std::abs(auc(scores[0], labels) - expected.auc[0]) < 1e-13);
    CHECK(std::abs(auc(scores[1], labels) - expected.auc[1]) < 1e-13);
    CHECK(std::abs(delong_p(scores[0], scores[1], labels) - expected.p) < 1e-11);
    CHECK(delong_p(scores[0], scores[0], labels) == 1);
  }
}

TEST_CASE("a weighted AUC is that of all pairs") {
  std::mt19937_64 draw(9);
  Numbers scores, weights;
  Labels labels;
  double right = 0, pairs = 0;
  for (std::size_t i = 0; i < 300; ++i) {
    scores.push_back(static_cast<double>(draw() % 40));
    labels.push_back(draw() % 3 == 0);
    weights.push_back(static_cast<double>(draw() % 4) / 3);
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (labels[i] == 0 || labels[j] != 0) continue;
      pairs += weights[i] * weights[j];
      right += weights[i] * weights[j] * beats(scores[i], scores[j]);
    }
  }
  CHECK(std::abs(auc(scores, labels, weights) - right / pairs) < 1e-13);
  CHECK(std::abs(auc(scores, labels, weights) - auc(scores, labels)) > 1e-3);
  CHECK(auc(scores, labels, Numbers(300, 0.3)) == auc(scores, labels));
  CHECK(std::isnan(auc(Numbers{1, 2}, Labels{1, 0}, Numbers{1, 0})));
}

TEST_CASE("the paired t test has the closed forms of 1, 2, 3 and 4 degrees of freedom") {
  const Numbers all = {0.31, -0.02, 0.17, 0.26, 0.05};
  for (std::size_t count = 2; count <= 5; ++count) {
    const Numbers first(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)), zero(count, 0.0);
    const auto [mean, deviation] = spread(first);
    const double t = std::abs(mean) / (deviation / std::sqrt(static_cast<double>(count)));
    const double pi = std::numbers::pi, angle = std::atan(t / std::sqrt(static_cast<double>(count - 1)));
    double inside = 0;  // P(|T| <= t)
    if (count == 2) inside = 2 * angle / pi;
    if (count == 3) inside = std::sin(angle);
    if (count == 4) inside = 2 / pi * (angle + std::sin(angle) * std::cos(angle));
    if (count == 5) inside = std::sin(angle) * (1 + 0.5 * std::cos(angle) * std::cos(angle));
    CAPTURE(count);
    CHECK(std::abs(paired_t_p(first, zero) - (1 - inside)) < 1e-12);
    CHECK(std::abs(paired_t_p(zero, first) - (1 - inside)) < 1e-12);
  }
  CHECK(std::isnan(paired_t_p(Numbers{0.1}, Numbers{0.2})));
  CHECK(paired_t_p(all, all) == 1);
}

TEST_CASE("Holm's correction steps down from the smallest p") {
  CHECK(holm(Numbers{0.01, 0.04, 0.03, 0.005}) == Numbers{0.03, 0.06, 0.06, 0.02});
  CHECK(holm(Numbers{0.9, 0.6}) == Numbers{1, 1});
  CHECK(holm(Numbers{}).empty());
}

TEST_CASE("one class has no AUC") {
  CHECK(std::isnan(auc(Numbers{0.1, 0.2}, Labels{1, 1})));
  CHECK(spread(Numbers{1, 2, 4}).mean == doctest::Approx(7.0 / 3));
  CHECK(spread(Numbers{1, 3}).deviation == doctest::Approx(std::numbers::sqrt2));
  CHECK(spread(Numbers{5}).deviation == 0);
}
