// What training data fixed for one field: the second step of encoding, from raw to what a batch holds.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "data/rate_state.hpp"
#include "data/vocabulary.hpp"

namespace dcrnn::data {

struct FieldState {
  Field field;
  Vocabulary vocabulary;                        ///< vocab: the word of row i + 1
  std::vector<double> edges;                    ///< buckets: ascending
  std::array<double, 2> statistics = {0., 1.};  ///< standardize, log1p: mean, divisor (deviation, or 1 for 0)
  CellCounts training;                          ///< no cells where the file does not tell
  std::shared_ptr<const RateState> rate;        ///< rate: all it has
  std::vector<unsigned char> seen;  ///< hash, id: a bit per row of the table; empty where the file has none

  bool has_vocabulary() const { return field.has_vocabulary(); }
  bool has_edges() const { return field.type == FieldType::number && field.transform == Transform::buckets; }
  bool has_statistics() const {
    return field.type == FieldType::number &&
           (field.transform == Transform::standardize || field.transform == Transform::log1p);
  }
  bool has_fixed_rows() const { return field.has_words() && field.encoding != Encoding::vocab; }
  /// False for what training never saw, or not often enough.
  bool is_known(std::uint32_t row) const {
    if (has_vocabulary()) return row != 0;
    return seen.empty() || (seen[row / 8] >> (row % 8) & 1) != 0;
  }
  /// Rows of the embedding table, 0 without one.
  std::size_t table_rows() const;
  /// Row of a word of the vocabulary; 0, unknown, of any other.
  std::uint32_t row(std::string_view word) const { return vocabulary.find(word) + 1; }  // kNone + 1 is 0
  /// Row of the bucket of a raw number (NaN: missing).
  std::uint32_t bucket(double raw) const;
  /// Transformed value of a raw number (NaN: missing); not finite if it is out of range.
  double transformed(double raw) const { return raw == raw ? (raw - statistics[0]) / statistics[1] : 0.0; }
};

}  // namespace dcrnn::data
