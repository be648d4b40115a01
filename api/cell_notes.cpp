#include "api/cell_notes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/text.hpp"

namespace dcrnn::api {

namespace {

constexpr double kNoticeable = 0.01;  // difference of two shares
constexpr double kLarge = 0.1;

/// A number of cells out of all.
struct Share {
  std::uint64_t part = 0, whole = 0;
  double value() const { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }
};

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g%%", 100 * share);
  return text;
}

/// By how much the share lies above (or, negative, below) that of training, once chance is taken off: five
/// standard deviations of so many draws. What training never met it may still have missed by chance.
double excess(const Share& now, const Share& training) {
  const double expected =
      (static_cast<double>(training.part) + 1) / (static_cast<double>(training.whole) + 2);
  const double chance = 5 * std::sqrt(expected * (1 - expected) / static_cast<double>(now.whole));
  const double difference = now.value() - expected;
  return std::copysign(std::max(0.0, std::abs(difference) - chance), difference);
}

std::string line(bool warning, const Field& field, const std::string& what) {
  return (warning ? "warning: field " : "note: field ") + in_quotes(field.name) + ": " + what;
}

}  // namespace

std::vector<std::string> cell_notes(const Schema& config, const data::Encoders& encoders,
                                    const std::vector<CellCounts>& counts) {
  std::vector<std::string> lines;
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    const CellCounts &now = counts[f], &training = encoders.training_counts(f);
    if (training.cells == 0 || now.cells == 0) continue;
    const Share empty{now.empty, now.cells}, empty_before{training.empty, training.cells};
    const std::string empty_text = percent(empty.value()) + " of the cells are empty, ";
    if (now.empty > 0 && training.empty == 0) {
      lines.push_back(
          line(empty.value() > kNoticeable, config.fields[f], empty_text + "in training none was"));
    } else if (std::abs(excess(empty, empty_before)) > kNoticeable) {
      lines.push_back(line(std::abs(empty.value() - empty_before.value()) > kLarge, config.fields[f],
                           empty_text + "in training " + percent(empty_before.value()) + " were"));
    }
    const Share unknown{now.unknown, now.values}, unknown_before{training.unknown, training.values};
    if (now.values == 0 || !(excess(unknown, unknown_before) > kNoticeable)) continue;
    lines.push_back(line(unknown.value() - unknown_before.value() > kLarge, config.fields[f],
                         percent(unknown.value()) + " of the values are unknown, from training one expects " +
                             percent(unknown_before.value())));
  }
  return lines;
}

}  // namespace dcrnn::api
