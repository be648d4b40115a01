#include "compare/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace dcrnn::compare {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<std::size_t> sorted_order(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

/// Ranks from 1; equal values share the mean of their places.
std::vector<double> midranks(std::span<const double> values) {
  const std::vector<std::size_t> order = sorted_order(values);
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = 0.5 * static_cast<double>(begin + end + 1);
  }
  return ranks;
}

/// Per positive the share of negatives below it, per negative the share of positives above it.
struct Placements {
  std::vector<double> positive, negative;
};

Placements placements(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  std::vector<double> positive, negative;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    (labels[i] != 0 ? positive : negative).push_back(scores[i]);
  }
  const std::vector<double> among_all = midranks(scores), among_positive = midranks(positive),
                            among_negative = midranks(negative);
  const double m = static_cast<double>(positive.size()), n = static_cast<double>(negative.size());
  std::size_t p = 0, q = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (labels[i] != 0) {
      positive[p] = (among_all[i] - among_positive[p]) / n;
      ++p;
    } else {
      negative[q] = 1 - (among_all[i] - among_negative[q]) / m;
      ++q;
    }
  }
  return {std::move(positive), std::move(negative)};
}

/// Sample variance of first - second.
double variance_of_difference(std::span<const double> first, std::span<const double> second) {
  std::vector<double> differences(first.size());
  std::transform(first.begin(), first.end(), second.begin(), differences.begin(), std::minus<>());
  const double deviation = spread(differences).deviation;
  return deviation * deviation;
}

/// Continued fraction of the incomplete beta function (Lentz).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto away_from_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m <= 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    for (const double term : {even, odd}) {
      d = 1 / away_from_zero(1 + term * d);
      c = away_from_zero(1 + term / c);
      value *= d * c;
    }
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return value;
}

/// Regularized incomplete beta function I_x(a, b).
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

Spread spread(std::span<const double> numbers) {
  const double count = static_cast<double>(numbers.size());
  const double mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) / count;
  double squares = 0;
  for (const double number : numbers) squares += (number - mean) * (number - mean);
  return {mean, numbers.size() < 2 ? 0 : std::sqrt(squares / (count - 1))};
}

double auc(std::span<const double> scores, std::span<const std::uint8_t> labels,
           std::span<const double> weights) {
  const std::vector<std::size_t> order = sorted_order(scores);
  // long double: its exponents hold the product of any two weights.
  long double positives = 0, negatives = 0, right = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    long double tied_positives = 0, tied_negatives = 0;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end) {
      const std::size_t i = order[end];
      (labels[i] != 0 ? tied_positives : tied_negatives) += weights.empty() ? 1.0 : weights[i];
    }
    right += tied_positives * (negatives + tied_negatives / 2);
    positives += tied_positives;
    negatives += tied_negatives;
  }
  const long double pairs = positives * negatives;
  return pairs > 0 ? static_cast<double>(right / pairs) : kNaN;
}

double delong_p(std::span<const double> first, std::span<const double> second,
                std::span<const std::uint8_t> labels) {
  const Placements a = placements(first, labels), b = placements(second, labels);
  if (a.positive.size() < 2 || a.negative.size() < 2) return 1;
  const double difference = spread(a.positive).mean - spread(b.positive).mean;
  if (difference == 0) return 1;
  const double variance =
      variance_of_difference(a.positive, b.positive) / static_cast<double>(a.positive.size()) +
      variance_of_difference(a.negative, b.negative) / static_cast<double>(a.negative.size());
  return variance > 0 ? std::erfc(std::abs(difference) / std::sqrt(2 * variance)) : 0;
}

double paired_t_p(std::span<const double> first, std::span<const double> second) {
  if (first.size() < 2) return kNaN;
  std::vector<double> differences(first.size());
  std::transform(first.begin(), first.end(), second.begin(), differences.begin(), std::minus<>());
  const auto [mean, deviation] = spread(differences);
  if (mean == 0) return 1;
  const double freedom = static_cast<double>(first.size() - 1);
  const double t_squared = mean * mean * static_cast<double>(first.size()) / (deviation * deviation);
  return incomplete_beta(0.5 * freedom, 0.5, freedom / (freedom + t_squared));
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<double> corrected(p.size());
  double largest = 0;
  std::size_t left = p.size();
  for (const std::size_t i : sorted_order(p)) {
    largest = std::max(largest, std::min(1.0, p[i] * static_cast<double>(left--)));
    corrected[i] = largest;
  }
  return corrected;
}

}  // namespace dcrnn::compare
