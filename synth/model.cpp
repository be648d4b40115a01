#include "synth/model.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/random.hpp"

namespace dcrnn::synthetic {
namespace {

constexpr double kClickDeviation = 1.3;  // of the logit of click, without selection
// Of the logit of consume given click: less the more it has in common with click, so that its AUC over all
// exposures, to which both logits add, stays about the same.
constexpr double kConsumeDeviation = 1.5, kConsumeDeviationLost = 0.7;
constexpr std::array<double, 2> kMeanRate = {0.30, 0.50};  // of click, and of consume among clicks
constexpr std::uint64_t kCalibrationRows = 8192;
constexpr std::uint32_t kScoreStream = 16;  // streams below are the splits
constexpr double kMeanAge = 42, kAgeDeviation = 12;
constexpr double kMeanLogPrice = 3, kLogPriceDeviation = 0.7;

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

/// How often the levels of a feature occur: some twice as often as others.
std::vector<double> make_shares(std::size_t levels) {
  std::vector<double> shares(levels);
  double sum = 0;
  for (std::size_t i = 0; i < levels; ++i) {
    shares[i] = 1 + static_cast<double>(levels - i) / static_cast<double>(levels);
    sum += shares[i];
  }
  for (double& share : shares) share /= sum;
  return shares;
}

std::size_t category_of(std::size_t item) {
  return item % kSynthCategories;
}

double standard_age(double age) {
  return (age - kMeanAge) / kAgeDeviation;
}

double standard_price(double price) {
  return (std::log(price) - kMeanLogPrice) / kLogPriceDeviation;
}

}  // namespace

class SynthDraws {
 public:
  SynthDraws(std::uint64_t seed, std::uint32_t stream, std::uint64_t row)
      : seed_(seed), stream_(stream), block_(row << kBlockBits) {}

  /// In [0, 1).
  double uniform() {
    if (used_ == words_.size()) {
      words_ = philox(seed_, RandomUse::synth, stream_, block_++);
      used_ = 0;
    }
    return to_unit(words_[used_++]);
  }
  /// Standard normal (Box and Muller 1958).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  static constexpr int kBlockBits = 12;  // blocks of four words that a row may use

  std::uint64_t seed_;
  std::uint32_t stream_;
  std::uint64_t block_;
  std::array<std::uint32_t, 4> words_{};
  std::size_t used_ = 4;
};

/// Scores of mean 0 and variance 1 over the rows, one per level.
void SynthModel::draw_scores() {
  for (std::size_t feature = 0; feature < kSynthFeatures; ++feature) {
    const std::vector<double>& shares = shares_[feature];
    std::vector<double>& scores = scores_[feature];
    double mean = 0, square = 0;
    for (std::size_t level = 0; level < shares.size(); ++level) {
      const auto stream = static_cast<std::uint32_t>(kScoreStream + feature);
      scores.push_back(SynthDraws(options_.seed, stream, level).normal());
      mean += shares[level] * scores[level];
    }
    for (std::size_t level = 0; level < shares.size(); ++level) {
      scores[level] -= mean;
      square += shares[level] * scores[level] * scores[level];
    }
    for (double& score : scores) score /= std::sqrt(square);
  }
}

/// Two uncorrelated signals of mean 0 and variance about 1.
std::array<double, 2> SynthModel::signals(const SynthRow& row) const {
  const auto score = [&](SynthFeature feature) {
    const auto f = static_cast<std::size_t>(feature);
    return scores_[f][row.level[f]];
  };
  using enum SynthFeature;
  const double u = score(user), i = score(item), g = score(category);
  const double c = score(country), d = score(device), h = score(hour);
  const double a = standard_age(row.age), p = standard_price(row.price);
  // In either signal the squares of the weights add up to about 1, those of single features to 0.4. The
  // weights of single features are at right angles, and no product stands in both.
  const double first = 0.30 * u + 0.30 * i + 0.18 * g + 0.24 * c + 0.18 * d + 0.18 * h + 0.22 * a - 0.18 * p +
                       0.23 * (u * i + u * d + u * a + i * c + i * h) +
                       0.23 * (g * d + g * p + c * h + c * p + d * a) + 0.26 * u * g * d;
  const double second = 0.30 * u - 0.30 * i + 0.24 * g - 0.18 * c + 0.18 * d - 0.18 * h - 0.18 * a -
                        0.22 * p + 0.23 * (u * c + u * h + u * p + i * d + i * a) +
                        0.23 * (g * c + g * h + c * d + d * p + h * a) + 0.26 * u * c * a;
  return {first, second};
}

SynthModel::SynthModel(const SynthOptions& options) : options_(options) {
  shares_ = {make_shares(options.users),   make_shares(options.items), {},
             make_shares(kSynthCountries), make_shares(kSynthDevices), make_shares(kSynthHours)};
  auto& category_shares = shares_[static_cast<std::size_t>(SynthFeature::category)];
  category_shares.resize(kSynthCategories);
  const auto& item_shares = shares_[static_cast<std::size_t>(SynthFeature::item)];
  for (std::size_t i = 0; i < item_shares.size(); ++i) category_shares[category_of(i)] += item_shares[i];
  for (std::size_t feature = 0; feature < kSynthFeatures; ++feature) {
    double sum = 0;
    for (double share : shares_[feature]) cumulative_[feature].push_back(sum += share);
  }
  draw_scores();
  calibrate();
}

void SynthModel::draw_features(SynthDraws& draws, SynthRow& row) const {
  for (std::size_t feature = 0; feature < kSynthFeatures; ++feature) {
    if (feature == static_cast<std::size_t>(SynthFeature::category)) continue;
    const auto& sums = cumulative_[feature];
    const auto found = std::upper_bound(sums.begin(), sums.end() - 1, draws.uniform());
    row.level[feature] = static_cast<std::size_t>(found - sums.begin());
  }
  row.level[static_cast<std::size_t>(SynthFeature::category)] =
      category_of(row.level[static_cast<std::size_t>(SynthFeature::item)]);
  // As written to the file: whoever reads it can know the truth.
  row.age = std::round(std::clamp(kMeanAge + kAgeDeviation * draws.normal(), 18., 80.));
  row.price = std::round(100 * std::exp(kMeanLogPrice + kLogPriceDeviation * draws.normal())) / 100;
}

/// Of click, and of consume given click.
std::array<double, 2> SynthModel::logits(const SynthRow& row) const {
  const auto [shared, own] = signals(row);
  const double c = options_.correlation;
  const double blend = c * shared + std::sqrt(1 - c * c) * own;
  const double deviation = kConsumeDeviation - kConsumeDeviationLost * c * c;
  return {intercepts_[0] + kClickDeviation * (1 + options_.selection) * shared,
          intercepts_[1] + deviation * blend};
}

/// Sets the intercepts so that the mean rates come out, by bisection over rows of their own.
void SynthModel::calibrate() {
  std::vector<std::array<double, 2>> sample(kCalibrationRows);
  for (std::uint64_t i = 0; i < kCalibrationRows; ++i) {
    SynthDraws draws(options_.seed, static_cast<std::uint32_t>(Split::calibration), i);
    SynthRow row;
    draw_features(draws, row);
    sample[i] = logits(row);
  }
  for (std::size_t task = 0; task < 2; ++task) {
    double low = -20, high = 20;
    for (int step = 0; step < 60; ++step) {
      const double middle = (low + high) / 2;
      double weighted = 0, weights = 0;
      for (const auto& logit : sample) {
        const double weight = task == 0 ? 1 : sigmoid(logit[0] + intercepts_[0]);
        weighted += weight * sigmoid(logit[task] + middle);
        weights += weight;
      }
      (weighted < kMeanRate[task] * weights ? low : high) = middle;
    }
    intercepts_[task] = low;
  }
}

void SynthModel::make_row(Split split, std::uint64_t index, SynthRow& row) const {
  SynthDraws draws(options_.seed, static_cast<std::uint32_t>(split), index);
  draw_features(draws, row);
  const auto [click, consume] = logits(row);
  row.true_click = sigmoid(click);
  row.true_consume = row.true_click * sigmoid(consume);
  row.click = draws.uniform() < row.true_click;
  row.consume = draws.uniform() < sigmoid(consume) && row.click;
  row.consume_missing = draws.uniform() < options_.missing_consume;
  row.noise.resize(options_.noise_fields);
  for (std::size_t i = 0; i < row.noise.size(); ++i) {
    row.noise[i] = i % 2 == 0 ? std::floor(draws.uniform() * kSynthNoiseLevels) : draws.normal();
  }
}

}  // namespace dcrnn::synthetic
