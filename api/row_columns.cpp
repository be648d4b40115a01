#include "api/row_columns.hpp"

#include <algorithm>
#include <map>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::api {

void fail_column(std::string_view column, const std::string& what, const std::string& help) {
  fail(ErrorCode::data, "column " + in_quotes(column) + ": " + what, help);
}

void fail_row(std::string_view column, std::size_t row, const std::string& what, const std::string& help) {
  fail(ErrorCode::data, "column " + in_quotes(column) + ", row " + std::to_string(row) + ": " + what, help);
}

void check_length(std::string_view column, std::size_t found, std::size_t want) {
  if (found == want) return;
  fail_column(column, std::to_string(found) + " values for " + std::to_string(want) + " rows",
              "give one value for every row");
}

namespace {

std::string nearest_of(std::string_view word, const std::vector<std::string>& names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  return std::string(nearest(word, views));
}

const char* wanted_form(const Field& field) {
  if (field.type == FieldType::bag)
    return "a bag field takes bags (ids and offsets), text, integers or codes";
  if (field.type == FieldType::category) return "a category field takes ids, text, integers or codes";
  return field.has_table() ? "a bucketed number field takes numbers, integers, ids, text or codes"
                           : "a number field takes numbers, integers, text or codes";
}

/// How many forms a column is given in.
int forms(const Column& column) {
  return int{!column.ids.empty() || !column.offsets.empty()} + int{!column.numbers.empty()} +
         int{!column.text.empty()} + int{!column.integers.empty()} + int{!column.codes.empty()};
}

void check_form(const Column& column, const Field& field) {
  if (forms(column) > 1) fail_column(column.field, "given in more than one form", wanted_form(field));
  const bool bags = !column.offsets.empty(), ids = !column.ids.empty() || bags;
  if ((bags && field.type != FieldType::bag) || (ids && !bags && field.type == FieldType::bag) ||
      (ids && !field.has_table()) || (!column.numbers.empty() && field.type != FieldType::number)) {
    fail_column(column.field, "given in a form that does not fit the field", wanted_form(field));
  }
}

}  // namespace

RowColumns::RowColumns(const Schema& config) : of_(config.fields.size()) {
  std::map<std::string_view, std::size_t> read;  // by the first field that reads a column
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    const Field& field = config.fields[f];
    if (field.type == FieldType::rate) continue;
    of_[f].push_back(names_.size());
    read.try_emplace(field.column, names_.size());
    names_.push_back(field.name);
  }
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    for (const KeyColumn& column : config.fields[f].of) {
      const auto [at, fresh] = read.try_emplace(column.column, names_.size());
      if (fresh) {
        const bool taken = std::find(names_.begin(), names_.end(), column.column) != names_.end();
        names_.push_back((taken ? "column." : "") + column.column);
      }
      of_[f].push_back(at->second);
    }
  }
  found_.resize(names_.size());
}

void RowColumns::find(const Rows& rows) {
  std::fill(found_.begin(), found_.end(), nullptr);
  rows_ = rows.count;
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    const Column& column = rows.columns[i];
    // Most callers give the columns in the order of the config.
    std::size_t at = i;
    if (i >= names_.size() || names_[i] != column.field) {
      at = static_cast<std::size_t>(std::find(names_.begin(), names_.end(), column.field) - names_.begin());
      if (at == names_.size()) {
        const std::string near = nearest_of(column.field, names_);
        fail_column(column.field, "the model reads no such column",
                    near.empty() ? "Model::columns() lists them" : "did you mean " + in_quotes(near) + "?");
      }
    }
    if (found_[at] == nullptr) found_[at] = &column;
  }
  // With as many columns as names one given twice leaves another missing, which is told when it is asked for.
  if (rows.columns.size() <= names_.size()) return;
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (rows.columns[i].field == rows.columns[j].field)
        fail_column(rows.columns[i].field, "given twice", "give one column for every name");
    }
  }
}

const Column& RowColumns::found(std::size_t name) const {
  if (found_[name] != nullptr) return *found_[name];
  fail_column(names_[name], "missing", "give a column for every name of Model::columns()");
}

const Column& RowColumns::of_field(const Schema& config, std::size_t f) const {
  const Column& column = found(of_[f][0]);
  check_form(column, config.fields[f]);
  return column;
}

const Column& RowColumns::of_key(const Schema& config, std::size_t f, std::size_t part) const {
  const Column& column = found(of_[f][part]);
  const bool ids = !column.ids.empty() || !column.offsets.empty();
  if (forms(column) != 1 || ids) {
    if (rows_ > 0 || ids) {
      fail_column(column.field,
                  "given in a form that does not fit the key of field " + in_quotes(config.fields[f].name),
                  "a key takes text, integers or codes; one of numbers takes numbers, too");
    }
  }
  check_length(column.field, cell_count(column), rows_);
  return column;
}

void check_bags(const Column& column, std::size_t count) {
  const auto offsets = column.offsets;
  if (offsets.size() - 1 != count) {
    fail_column(column.field,
                std::to_string(offsets.size()) + " offsets for " + std::to_string(count) + " rows",
                "give one offset more than there are rows");
  }
  if (offsets[0] != 0) {
    fail_column(column.field, "offsets[0] is " + std::to_string(offsets[0]) + ", want 0",
                "offsets count from the first id");
  }
  for (std::size_t b = 0; b < count; ++b) {
    if (offsets[b] > offsets[b + 1]) {
      fail_row(
          column.field, b,
          "the offsets fall from " + std::to_string(offsets[b]) + " to " + std::to_string(offsets[b + 1]),
          "row b holds ids[offsets[b] .. offsets[b + 1])");
    }
  }
  if (offsets[count] != column.ids.size()) {
    fail_column(column.field,
                "the last offset is " + std::to_string(offsets[count]) + ", but there are " +
                    std::to_string(column.ids.size()) + " ids",
                "the last offset is the number of ids");
  }
}

std::size_t cell_count(const Column& column) {
  if (!column.numbers.empty()) return column.numbers.size();
  if (!column.text.empty()) return column.text.size();
  return column.integers.empty() ? column.codes.size() : column.integers.size();
}

}  // namespace dcrnn::api
