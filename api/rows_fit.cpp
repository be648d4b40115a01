#include "api/rows_fit.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "api/row_columns.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"
#include "data/cell.hpp"
#include "data/field_fit.hpp"
#include "data/field_state.hpp"

namespace dcrnn::api {

namespace {

/// Takes the number of a cell, for read_cell().
struct RawNumber {
  double& raw;

  std::string number(double value) const {
    raw = value;
    return {};
  }
  void word(std::string_view) const {}
  void row(std::uint32_t) const {}
};

void add_ids(const Field& field, const Column& column, std::size_t count, data::FieldFit& fit) {
  if (!fit.state().has_fixed_rows()) {
    fail_column(column.field, "given as ids, but its table is made from its values",
                "give the values: text, integers, codes or numbers");
  }
  if (field.type == FieldType::bag) {
    check_bags(column, count);
  } else {
    check_length(column.field, column.ids.size(), count);
  }
  for (std::size_t b = 0; b < count; ++b) {
    const std::size_t first = column.offsets.empty() ? b : column.offsets[b];
    const std::size_t end = column.offsets.empty() ? b + 1 : column.offsets[b + 1];
    const auto ids = column.ids.subspan(first, end - first);
    const auto beyond = std::find_if(ids.begin(), ids.end(), [&](auto id) { return id >= field.size; });
    if (beyond != ids.end()) {
      fail_row(column.field, b,
               "id " + std::to_string(*beyond) + " is out of range: the table has " +
                   std::to_string(field.size) + " rows",
               "ids are rows of the field's embedding table, counted from 0");
    }
    fit.add_rows(ids);
  }
}

std::unique_ptr<data::FieldState> fitted(const Field& field, const Column& column, std::size_t count) {
  data::FieldFit fit(field);
  if (!column.ids.empty() || !column.offsets.empty()) {
    add_ids(field, column, count, fit);
  } else {
    double number = 0;
    std::vector<std::uint32_t> rows;
    for_each_cell(field, column, count, [&](auto cell) {
      rows.clear();
      return fit.add(cell, number, rows);
    });
  }
  fit.fix("the rows");
  for (bool open = fit.seeks_edges() && fit.end_pass(); open; open = fit.end_pass()) {
    for_each_cell(field, column, count, [&](auto cell) {
      double raw = 0;
      std::string wrong = data::read_cell(field, cell, RawNumber{raw});
      fit.add_again(raw);
      return wrong;
    });
  }
  return fit.take();
}

}  // namespace

data::Encoders fit_encoders(const ModelConfig& config, const Rows& rows) {
  if (rows.count == 0) fail(ErrorCode::data, "rows: there is no row to train on", "give at least one row");
  const RowColumns columns(config);
  columns.check(rows);
  std::vector<std::unique_ptr<data::FieldState>> fields;
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    if (config.fields[f].type == FieldType::rate) {
      fail(ErrorCode::usage,
           "field " + in_quotes(config.fields[f].name) +
               " of type \"rate\" cannot be fitted on rows in memory",
           "train from files");
    }
    fields.push_back(fitted(config.fields[f], columns.of_field(rows, config, f), rows.count));
  }
  return data::Encoders(std::move(fields));
}

}  // namespace dcrnn::api
