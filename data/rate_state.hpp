// What training data fixed for one rate field, and the one rule from a key's cells to the field's numbers.
// Derivation: docs/rates.md.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "config/schema.hpp"
#include "data/rate_table.hpp"

namespace dcrnn::data {

/// Rates keep this distance from 0 and 1.
inline constexpr double kLeastRate = 1e-4;
inline double bounded(double rate) {
  return std::clamp(rate, kLeastRate, 1 - kLeastRate);
}

/// A task whose rate is one of the numbers.
struct RateTask {
  std::size_t task, parent;  ///< indices in the config; kNoParent

  /// What a row with these labels [T] and this weight adds to base and hits.
  std::array<double, 2> share(const std::int8_t* labels, double weight) const;
};

std::vector<RateTask> rate_tasks(const Field& field, const std::vector<Task>& tasks);

/// Base and hits of each task, in their order, and rows: what a row sees of its key.
struct RateCounts {
  std::uint64_t rows = 0;
  std::span<const double> sums;  ///< [tasks, 2]; empty: all 0
};

struct RateState {
  RateState(const Field& field, const std::vector<Task>& all_tasks);

  RateConfig config;
  std::vector<Field> columns;              ///< of the key, as fields of their own
  std::vector<std::vector<double>> edges;  ///< of each column; none of one of words
  std::vector<RateTask> tasks;
  std::vector<double> priors;                     ///< [tasks] pi
  std::vector<std::array<double, 2>> statistics;  ///< [numbers] mean, divisor
  RateTable table;                                ///< of all training rows, sums [tasks, 2]

  /// Keys and numbers mean what they mean in `known`: its edges, priors and statistics, not its table.
  void read_as(const RateState& known) {
    edges = known.edges;
    priors = known.priors;
    statistics = known.statistics;
  }
  std::size_t numbers() const { return config.numbers(); }
  /// The key of the raw forms of its cells, one per column.
  std::uint64_t key(std::span<const std::uint64_t> raw) const;
  /// The numbers before they are standardized [numbers].
  void rates(const RateCounts& seen, double* f) const;
  /// f to the numbers of x0, in place.
  void standardize(double* x) const;
  /// Those of a row that is no training row.
  void encode(std::uint64_t key, double* x) const;
  /// Adds a row to the table. False if a sum is no longer finite.
  bool add(std::uint64_t key, const std::int8_t* labels, double weight);
};

}  // namespace dcrnn::data
