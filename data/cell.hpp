// The one rule for what a cell of a field is, whatever form it has (text of a file, a number in memory), for
// fitting encoders and for using them. Two steps, so that a first pass over training data can take the first
// before the second is known: cell -> raw (a number, words, or rows of the table) -> encoded (FieldState).
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "core/text.hpp"
#include "data/hash.hpp"
#include "data/number.hpp"

namespace dcrnn::data {

/// True if the cell is one of `words`.
inline bool is_among(std::string_view cell, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), cell) != words.end();
}

inline bool is_empty(const Field& field, std::string_view cell) {
  return cell.empty() || is_among(cell, field.missing_words);
}
inline bool is_empty(const Field&, double number) {
  return std::isnan(number);
}

/// A cell as text, for messages.
inline std::string cell_text(std::string_view cell) {
  return std::string(cell);
}
std::string cell_text(double number);

/// The raw number of a cell: log1p is taken; NaN, where the transform allows it, is a missing one. Gives ""
/// or what is wrong.
std::string raw_number(const Field& field, std::string_view cell, double& raw);
std::string raw_number(const Field& field, double number, double& raw);

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

/// Calls use.number(raw) -> "" or an error for the number of a cell, use.word(word) for every word that a
/// vocabulary is to know, use.row(row) for every row known without one. Gives "" or what is wrong.
template <class Use>
std::string read_cell(const Field& field, double number, Use&& use) {
  double raw;
  std::string error = raw_number(field, number, raw);
  return error.empty() ? use.number(raw) : error;
}

template <class Use>
std::string read_cell(const Field& field, std::string_view cell, Use&& use) {
  if (!cell.empty() && is_empty(field, cell)) {
    const std::string error = read_cell(field, std::string_view(), use);
    return error.empty() ? error : in_quotes(cell) + " is a word for a missing value: " + error;
  }
  if (field.type == FieldType::number) {
    double raw;
    std::string error = raw_number(field, cell, raw);
    return error.empty() ? use.number(raw) : error;
  }
  const auto one = [&](std::string_view word) -> std::string {
    std::uint32_t row = 0;  // unknown, of an empty cell
    if (field.encoding == Encoding::vocab) {
      if (!word.empty()) {
        use.word(word);
        return {};
      }
    } else if (std::string error = fixed_row(field, word, row); !error.empty()) {
      return error;
    }
    use.row(row);
    return {};
  };
  return field.type == FieldType::category ? one(cell) : for_each_item(field, cell, one);
}

/// The raw form of a cell of a key: the bits of its number (NaN: missing), or the hash of its word. `column`
/// is one of key_field(). Gives "" or what is wrong with the cell.
inline std::string raw_key(const Field& column, std::string_view text, std::uint64_t& raw) {
  const std::string_view cell = is_empty(column, text) ? std::string_view() : text;
  double number = 0;
  if (column.has_words()) {
    raw = xxh64(cell);
    return {};
  }
  std::string error = raw_number(column, cell, number);
  raw = std::bit_cast<std::uint64_t>(number);
  return error;
}
inline std::string raw_key(const Field& column, double number, std::uint64_t& raw) {
  if (column.has_words()) return "a key of words takes text";
  std::string error = raw_number(column, number, number);
  raw = std::bit_cast<std::uint64_t>(number);
  return error;
}

/// The column of a key as a field of its own: one of words, or of numbers with buckets.
Field key_field(const Field& rate, const KeyColumn& column);

}  // namespace dcrnn::data
