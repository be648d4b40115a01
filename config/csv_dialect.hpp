// How the data files are written: the part of a schema that tells where a cell ends and what its text means.
#pragma once

#include <string>
#include <vector>

#include "config/keys.hpp"

namespace dcrnn {

/// Said once for all data files of a model, docs/data.md "Dialects".
struct CsvDialect {
  std::string separator = ",";  ///< one byte between two cells
  std::string quote = "\"";     ///< one byte around a cell; empty: cells are never quoted
  std::string escape;           ///< one byte before one that would mean something; empty: quotes are doubled
  std::vector<std::string> header;   ///< names of the columns; empty: the first line holds them
  std::vector<std::string> missing;  ///< words that count as an empty cell
  std::vector<std::string> true_words = {"1", "1.0"};   ///< labels that mean 1
  std::vector<std::string> false_words = {"0", "0.0"};  ///< labels that mean 0

  bool operator==(const CsvDialect&) const = default;
};

// clang-format off
inline constexpr Key kCsvKeys[] = {
    {.name = "separator", .kind = KeyKind::mark, .doc = "the byte between two cells", .least = 1, .fallback = "\",\"", .added = true},
    {.name = "quote", .kind = KeyKind::mark, .doc = "the byte around a cell that holds a separator or a line end; \"\": cells are never quoted", .fallback = "\"\\\"\"", .added = true},
    {.name = "escape", .kind = KeyKind::mark, .doc = "the byte that makes a quote, separator, line end or itself content when it stands before it; \"\": a quote in a quoted cell is doubled", .fallback = "\"\"", .added = true},
    {.name = "header", .kind = KeyKind::names, .doc = "true: the first line names the columns; a list: these are their names, and the first line is a row", .fallback = "true", .added = true},
    {.name = "missing", .kind = KeyKind::words, .doc = "words that count as an empty cell, in fields, labels and groups", .fallback = "[]: only an empty cell", .added = true},
    {.name = "true", .kind = KeyKind::words, .doc = "words of a label that mean 1", .fallback = "[\"1\",\"1.0\"]", .added = true},
    {.name = "false", .kind = KeyKind::words, .doc = "words of a label that mean 0", .fallback = "[\"0\",\"0.0\"]", .added = true},
};
// clang-format on

void describe(auto& v, Is<CsvDialect> auto& csv) {
  v.value("separator", csv.separator);
  v.value("quote", csv.quote);
  v.value("escape", csv.escape);
  v.value("header", csv.header);
  v.value("missing", csv.missing);
  v.value("true", csv.true_words);
  v.value("false", csv.false_words);
}

/// Failure(usage), naming `source` and the JSON path, if the dialect says two things about one byte or word.
void check_dialect(const CsvDialect& csv, const std::string& source);

}  // namespace dcrnn
