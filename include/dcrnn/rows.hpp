// Rows in memory, as the caller has them: one column of values per field, label and weight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dcrnn {

/// The values of one field, for all rows. A view: the arrays stay the caller's and must live through the
/// call. Exactly one of these forms:
///   ids      rows of the embedding table, for a category field (any encoding: ids are taken as they are, not
///            encoded) or a number field with buckets; every id smaller than the table
///   bags     likewise for a bag field: the ids of row b are ids[offsets[b] .. offsets[b + 1])
///   numbers  raw numbers for a number field (the model transforms them); NaN means missing
///   text     cells as they would stand in a CSV file, for any field; the model encodes them
///   integers for any field; where it takes words, an integer is the text of its decimals
///   codes    into `words`, which are like text: row b holds words[codes[b]], an empty cell where it is -1
/// A rate field has no column of its own: its key is made of what the fields that read the same CSV columns
/// are given (no ids; numbers only where the key takes numbers), or of columns under the CSV columns' names.
struct Column {
  std::string_view field;
  std::span<const std::uint32_t> ids;
  std::span<const std::uint32_t> offsets;
  std::span<const double> numbers;
  std::span<const std::string_view> text;
  std::span<const std::int64_t> integers = {};
  std::span<const std::int32_t> codes = {};
  std::span<const std::string_view> words = {};

  static Column of_ids(std::string_view field, std::span<const std::uint32_t> ids) {
    return {field, ids, {}, {}, {}};
  }
  static Column of_bags(std::string_view field, std::span<const std::uint32_t> offsets,
                        std::span<const std::uint32_t> ids) {
    return {field, ids, offsets, {}, {}};
  }
  static Column of_numbers(std::string_view field, std::span<const double> numbers) {
    return {field, {}, {}, numbers, {}};
  }
  static Column of_text(std::string_view field, std::span<const std::string_view> text) {
    return {field, {}, {}, {}, text};
  }
  static Column of_integers(std::string_view field, std::span<const std::int64_t> integers) {
    return {field, {}, {}, {}, {}, integers};
  }
  static Column of_codes(std::string_view field, std::span<const std::int32_t> codes,
                         std::span<const std::string_view> words) {
    return {field, {}, {}, {}, {}, {}, codes, words};
  }
};

/// Labels of one task: 0, 1, or -1 where missing. `soft`, where the config gives the task soft labels:
/// numbers from 0 to 1, NaN where missing; empty: none.
struct Labels {
  std::string_view task;
  std::span<const std::int8_t> values;
  std::span<const double> soft = {};
};

/// `count` rows: a column for every name of Model::columns(), in any order; labels for every task when
/// training; weights (finite, at least 0) when training a model that has a weight column.
struct Rows {
  std::size_t count = 0;
  std::span<const Column> columns;
  std::span<const Labels> labels;
  std::span<const double> weights;
};

}  // namespace dcrnn
