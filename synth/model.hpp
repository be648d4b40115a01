// The process behind the synthetic log: what a row holds and how probable click and consume truly are.
//
// Every level of a feature has one hidden score. A signal is a sum of effects of mean 0: of single scores
// (half of its variance), products of two and products of three. Products of centred scores cannot be told
// from noise by a model that adds up the effects of single features. Click follows one signal; consume given
// click a blend of it and a second one, made of the same scores with other weights and other products.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "synth/log.hpp"

namespace dcrnn::synthetic {

/// Random numbers of one row: a pure function of (seed, stream, row).
class SynthDraws;

/// The categorical features.
enum class SynthFeature : std::size_t { user, item, category, country, device, hour };
inline constexpr std::size_t kSynthFeatures = 6;
inline constexpr std::size_t kSynthCategories = 10, kSynthCountries = 12, kSynthDevices = 4, kSynthHours = 24;
inline constexpr std::size_t kSynthNoiseLevels = 50;

struct SynthRow {
  std::array<std::size_t, kSynthFeatures> level;  ///< by SynthFeature
  double age = 0;                                 ///< whole years
  double price = 0;                               ///< two decimals
  std::vector<double> noise;  ///< even fields: a level below kSynthNoiseLevels, odd ones: a number
  double true_click = 0;      ///< P(click)
  double true_consume = 0;    ///< P(click and consume)
  bool click = false;
  bool consume = false;
  bool consume_missing = false;
};

class SynthModel {
 public:
  enum class Split : std::uint32_t { calibration = 1, train, valid, test };

  explicit SynthModel(const SynthOptions& options);
  /// Row `index` of a split; whatever the number of rows, it is the same.
  void make_row(Split split, std::uint64_t index, SynthRow& row) const;

 private:
  void draw_scores();
  std::array<double, 2> signals(const SynthRow& row) const;
  void draw_features(SynthDraws& draws, SynthRow& row) const;
  std::array<double, 2> logits(const SynthRow& row) const;
  void calibrate();

  SynthOptions options_;
  std::array<std::vector<double>, kSynthFeatures> shares_;      // of the rows, by level
  std::array<std::vector<double>, kSynthFeatures> cumulative_;  // their running sums
  std::array<std::vector<double>, kSynthFeatures> scores_;      // by level
  std::array<double, 2> intercepts_ = {0, 0};
};

}  // namespace dcrnn::synthetic
