// The process behind the synthetic log: what a row holds and how probable click and consume truly are.
//
// A signal is a sum of effects of mean 0 over the features of a row: of single features (a third to a half of
// its variance), products of two and products of three. Products of centred factors cannot be told from noise
// by a model that adds up the effects of single features. Click follows one signal, consume given click a
// blend of that and a second one of the same build.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "data/synth.hpp"

namespace dcrnn::data {

/// Random numbers of one row: a pure function of (seed, stream, row).
class SynthDraws;

/// The categorical features.
enum class SynthFeature : std::size_t { user, item, category, country, device, hour };
inline constexpr std::size_t kSynthFeatures = 6;
inline constexpr std::size_t kSynthCategories = 10, kSynthCountries = 12, kSynthDevices = 4, kSynthHours = 24;
inline constexpr std::size_t kSynthNoiseLevels = 50;

/// A level of each, by SynthFeature.
using SynthLevels = std::array<std::size_t, kSynthFeatures>;

struct SynthRow {
  SynthLevels level;
  double age = 0;             ///< whole years
  double price = 0;           ///< two decimals
  std::vector<double> noise;  ///< even fields: a level below kSynthNoiseLevels, odd ones: a number
  double true_click = 0;      ///< P(click)
  double true_consume = 0;    ///< P(click and consume)
  bool click = false;
  bool consume = false;
  bool consume_missing = false;
};

/// One sum of effects, of mean 0 and variance about 1.
class SynthSignal {
 public:
  using Shares = std::array<std::vector<double>, kSynthFeatures>;

  /// Signals of different `number` are drawn independently, and made uncorrelated with the `other` one if
  /// there is one. `shares`: by feature, how much of the rows has each level.
  SynthSignal(std::uint64_t seed, std::uint32_t number, const Shares& shares, const SynthSignal* other);
  /// `a`, `p`: two uncorrelated numbers of mean 0 and variance 1.
  double at(const SynthLevels& level, double a, double p) const;

 private:
  /// By feature, of each level; mean 0, variance 1 over the rows.
  std::array<std::vector<double>, kSynthFeatures> scores_;
};

class SynthModel {
 public:
  enum class Split : std::uint32_t { calibration = 1, train, valid, test };

  explicit SynthModel(const SynthOptions& options);
  /// Row `index` of a split; whatever the number of rows, it is the same.
  void make_row(Split split, std::uint64_t index, SynthRow& row) const;

 private:
  void draw_features(SynthDraws& draws, SynthRow& row) const;
  std::array<double, 2> logits(const SynthRow& row) const;
  void calibrate();

  SynthOptions options_;
  SynthSignal::Shares shares_;
  SynthSignal::Shares cumulative_;    // their running sums
  std::vector<SynthSignal> signals_;  // click's, consume's own
  std::array<double, 2> intercepts_ = {0, 0};
};

}  // namespace dcrnn::data
