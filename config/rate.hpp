// What the config says of a rate field: how often its key's rows had the labels before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/keys.hpp"

namespace dcrnn {

/// One of the one or two columns that make up a key.
struct KeyColumn {
  std::string column;
  bool numbers = true;    ///< its cells are numbers, cut into buckets; else words
  std::size_t bins = 20;  ///< most buckets of numbers

  /// What a plain word in place of an object stands for.
  static KeyColumn of_word(const std::string& column) { return {column, false}; }
  /// The word that stands for it; null if none does.
  const std::string* word() const { return numbers ? nullptr : &column; }

  bool operator==(const KeyColumn&) const = default;
};

/// Which other training rows a training row sees.
enum class RateOrder {
  file,      ///< those of earlier blocks
  shuffled,  ///< those of other folds
};

/// What a rate field and the fields of rate_pairs have in common.
struct RateConfig {
  std::optional<std::vector<std::string>> tasks = std::nullopt;  ///< all of them once the schema is complete
  bool count = true;                                             ///< the log count is one of the numbers
  double prior = 20;        ///< K, rows that the mean over all stands for
  std::size_t blocks = 20;  ///< b
  RateOrder order = RateOrder::file;
  std::uint64_t seed = 0;  ///< shuffled

  /// Numbers of x0.
  std::size_t numbers() const { return tasks.value_or(std::vector<std::string>()).size() + (count ? 1 : 0); }

  bool operator==(const RateConfig&) const = default;
};

/// A rate field for every pair of some columns.
struct RatePairs : RateConfig {
  std::vector<KeyColumn> columns;
  std::optional<std::vector<std::string>> missing = std::nullopt;

  bool operator==(const RatePairs&) const = default;
};

inline constexpr std::size_t kMaxBlocksOfRates = std::size_t{1} << 32;

// clang-format off
inline constexpr Key kKeyColumnKeys[] = {
    {.name = "column", .kind = KeyKind::column, .doc = "CSV column of numbers", .fallback = kRequired},
    {.name = "bins", .kind = KeyKind::whole, .doc = "most buckets the numbers are cut into, as by transform buckets", .least = 1},
};

inline constexpr Key kRateKeys[] = {
    {.name = "tasks", .kind = KeyKind::words, .doc = "the tasks whose rates are numbers of the field, in this order", .fallback = "all", .applies = "type rate"},
    {.name = "count", .kind = KeyKind::boolean, .doc = "whether the logarithm of 1 + the key's rows is a number of the field, the last", .applies = "type rate"},
    {.name = "prior", .kind = KeyKind::number, .doc = "rows that the rate over all keys counts for in that of a key", .least = kAboveZero, .most = kLargest, .applies = "type rate"},
    {.name = "blocks", .kind = KeyKind::whole, .doc = "parts into which the training rows are cut, b", .least = 2, .most = static_cast<double>(kMaxBlocksOfRates), .applies = "type rate"},
    {.name = "order", .kind = KeyKind::word, .doc = "what a training row sees. file: the parts before its own (files in the order of time); shuffled: all parts but its own, drawn at random", .words = "file|shuffled", .applies = "type rate"},
    {.name = "seed", .kind = KeyKind::whole, .doc = "seed of the parts", .most = kAny64Bits, .applies = "type rate, order shuffled"},
};

inline constexpr Key kPairColumnsKeys[] = {
    {.name = "columns", .kind = KeyKind::columns, .doc = "two columns or more, each as in `fields[].of`", .fallback = kRequired, .below = kKeyColumnKeys},
    {.name = "missing", .kind = KeyKind::words, .doc = "as in `fields[]`", .fallback = "those of csv.missing"},
};
inline constexpr auto kRatePairsKeys = joined(kPairColumnsKeys, kRateKeys);
// clang-format on

void describe(auto& v, Is<KeyColumn> auto& key) {
  v.value("column", key.column);
  v.value("bins", key.bins);
}

void describe_rate(auto& v, auto& rate) {
  v.optional("tasks", rate.tasks);
  v.value("count", rate.count);
  v.value("prior", rate.prior);
  v.value("blocks", rate.blocks);
  v.value("order", rate.order);
  if (rate.order == RateOrder::shuffled) v.value("seed", rate.seed);
}

void describe(auto& v, Is<RatePairs> auto& pairs) {
  v.list("columns", pairs.columns);
  describe_rate(v, pairs);
  v.optional("missing", pairs.missing);
}

}  // namespace dcrnn
