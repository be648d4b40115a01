// What training data fixed for one field, and how a cell of it is read. Encoding has two steps, so that the
// first pass over training data can take the first before the second is known: text -> raw (the number, or
// the word) -> encoded (the row of a table, or the transformed value).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "core/text.hpp"
#include "data/encoder.hpp"
#include "data/hash.hpp"
#include "data/number.hpp"
#include "data/vocabulary.hpp"

namespace dcrnn::data {

struct FieldState {
  Field field;
  Vocabulary vocabulary;                        ///< vocab: the word of row i + 1
  std::vector<double> edges;                    ///< buckets: ascending
  std::array<double, 2> statistics = {0., 1.};  ///< standardize, log1p: mean, divisor (deviation, or 1 for 0)

  bool has_vocabulary() const { return field.type != FieldType::number && field.encoding == Encoding::vocab; }
  bool has_edges() const { return field.type == FieldType::number && field.transform == Transform::buckets; }
  bool has_statistics() const {
    return field.type == FieldType::number &&
           (field.transform == Transform::standardize || field.transform == Transform::log1p);
  }
  /// Rows of the embedding table, 0 without one.
  std::size_t table_rows() const;
  /// Row of the bucket of a raw number (NaN: missing).
  std::uint32_t bucket(double raw) const;
  /// Transformed value of a raw number (NaN: missing); not finite if it is out of range.
  double transformed(double raw) const { return raw == raw ? (raw - statistics[0]) / statistics[1] : 0.0; }
};

/// The number of a cell before statistics: log1p is taken, an empty cell is NaN where the transform allows
/// it. Gives "" or what is wrong.
std::string raw_number(const Field& field, std::string_view cell, double& raw);

/// What is wrong with a number that became infinite by its transform.
std::string transform_overflow(std::string_view cell);

/// Row of a word for the encodings that need no data (hash, id). Gives "" or what is wrong.
inline std::string fixed_row(const Field& field, std::string_view word, std::uint32_t& row) {
  if (field.encoding == Encoding::id) return parse_id(word, field.size, row);
  row = static_cast<std::uint32_t>(xxh64(word) % field.size);
  return {};
}

/// Calls use(item) -> "" or an error for every item of a bag's cell.
template <class Use>
std::string for_each_item(const Field& field, std::string_view cell, Use&& use) {
  if (cell.empty()) return {};
  for (;;) {
    const std::size_t cut = cell.find(field.separator);
    const std::string_view item = cell.substr(0, cut);
    if (item.empty()) return "an item of the bag is empty";
    if (std::string error = use(item); !error.empty()) return error;
    if (cut == std::string_view::npos) return {};
    cell.remove_prefix(cut + field.separator.size());
  }
}

}  // namespace dcrnn::data
