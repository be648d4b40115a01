// The columns of a caller's rows, found and checked, and their cells.
#pragma once

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "dcrnn/rows.hpp"

namespace dcrnn::api {

[[noreturn]] void fail_column(std::string_view column, const std::string& what, const std::string& help);
[[noreturn]] void fail_row(std::string_view column, std::size_t row, const std::string& what,
                           const std::string& help);
/// Failure(data) unless both are equal.
void check_length(std::string_view column, std::size_t found, std::size_t want);

/// What columns rows have for a config: one for every field that reads one column of its own, under the
/// field's name, in the order of the config; then one for every column that only keys of rate fields read,
/// under its own.
class RowColumns {
 public:
  explicit RowColumns(const Schema& config);

  const std::vector<std::string>& names() const { return names_; }
  /// Indices of `names`: that of a field's own column; or those of its key.
  const std::vector<std::size_t>& of(std::size_t field) const { return of_[field]; }

  /// Finds those of `rows`, which must live as long as they are asked for. Failure(data) if a column has none
  /// of the names, or two have one. No heap allocation.
  void find(const Rows& rows);
  /// The column found for a field that is no rate field, in one form that fits it. Failure(data) if there is
  /// none.
  const Column& of_field(const Schema& config, std::size_t field) const;
  /// One of those of a rate field's key, of as many cells as there are rows. Failure(data).
  const Column& of_key(const Schema& config, std::size_t field, std::size_t part) const;

 private:
  const Column& found(std::size_t name) const;

  std::vector<std::string> names_;
  std::vector<std::vector<std::size_t>> of_;  ///< per field
  std::vector<const Column*> found_;          ///< per name; null: not there
  std::size_t rows_ = 0;
};

/// Failure(data) unless offsets and ids of a column of bags fit together.
void check_bags(const Column& column, std::size_t count);
/// Cells of a column that holds no ids.
std::size_t cell_count(const Column& column);

/// Calls use(cell) -> "" or what is wrong, for cell b of a column that holds no ids; it is a number or text.
/// `numbers`: integers are taken as numbers, not as words.
template <class Use>
std::string with_cell(const Column& column, std::size_t b, bool numbers, Use&& use) {
  if (!column.numbers.empty()) return use(column.numbers[b]);
  if (!column.text.empty()) return use(column.text[b]);
  if (!column.integers.empty()) {
    if (numbers) return use(static_cast<double>(column.integers[b]));
    char digits[24];
    const char* const end = std::to_chars(digits, digits + sizeof digits, column.integers[b]).ptr;
    return use(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  const std::int32_t code = column.codes[b];
  if (code == -1) return use(std::string_view());
  if (code >= 0 && static_cast<std::size_t>(code) < column.words.size()) {
    return use(column.words[static_cast<std::size_t>(code)]);
  }
  return "code " + std::to_string(code) + " is out of range: there are " +
         std::to_string(column.words.size()) + " words";
}

/// Likewise for every cell of a field's column. Failure(data) names the row.
template <class Use>
void for_each_cell(const Field& field, const Column& column, std::size_t count, Use&& use) {
  check_length(column.field, cell_count(column), count);
  for (std::size_t b = 0; b < count; ++b) {
    const std::string wrong = with_cell(column, b, field.type == FieldType::number, use);
    if (!wrong.empty()) fail_row(column.field, b, wrong, "mend the value");
  }
}

}  // namespace dcrnn::api
