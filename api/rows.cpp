#include "api/rows.hpp"

#include <algorithm>
#include <array>

#include "api/row_labels.hpp"

namespace dcrnn::api {

RowsEncoder::RowsEncoder(const ModelConfig& config, const data::Encoders& encoders)
    : config_(config), encoders_(encoders), columns_(config), table_rows_(encoders.table_rows()) {
  batch_.columns.resize(config.fields.size());
}

Batch& RowsEncoder::encode(const Rows& rows, bool labelled) {
  batch_.rows = rows.count;
  columns_.find(rows);
  for (std::size_t f = 0; f < config_.fields.size(); ++f) {
    if (config_.fields[f].type == FieldType::rate) {
      encode_rates(rows.count, f);
    } else {
      encode_column(columns_.of_field(config_, f), rows.count, f);
    }
  }
  if (labelled) read_labels(rows, config_, batch_);
  return batch_;
}

void RowsEncoder::encode_column(const Column& column, std::size_t count, std::size_t f) {
  const Field& field = config_.fields[f];
  BatchColumn& to = batch_.columns[f];
  to.ids.clear();
  to.values.clear();
  to.offsets.clear();
  to.counts = {};
  if (!column.offsets.empty()) {
    check_bags(column, count);
    append_ids(column, f, column.offsets.data());
    to.offsets.assign(column.offsets.begin(), column.offsets.end());
    return;
  }
  if (!column.ids.empty()) {
    check_length(column.field, column.ids.size(), count);
    append_ids(column, f, nullptr);
    return;
  }
  if (field.type == FieldType::bag) to.offsets.push_back(0);
  (field.has_table() ? to.ids.reserve(count) : to.values.reserve(count));
  for_each_cell(field, column, count, [&](auto cell) { return encoders_.encode(f, cell, to); });
}

void RowsEncoder::encode_rates(std::size_t count, std::size_t f) {
  const Field& field = config_.fields[f];
  BatchColumn& to = batch_.columns[f];
  to.values.clear();
  to.keys.clear();
  to.counts = {};
  std::array<const Column*, 2> parts{};
  for (std::size_t part = 0; part < field.of.size(); ++part) {
    parts[part] = &columns_.of_key(config_, f, part);
  }
  for (std::size_t b = 0; b < count; ++b) {
    for (std::size_t part = 0; part < field.of.size(); ++part) {
      const std::string wrong = with_cell(*parts[part], b, field.of[part].numbers,
                                          [&](auto cell) { return encoders_.encode(f, cell, to, part); });
      if (!wrong.empty()) fail_row(parts[part]->field, b, wrong, "mend the value");
    }
  }
}

void RowsEncoder::append_ids(const Column& column, std::size_t f, const std::uint32_t* offsets) {
  const std::size_t taken = encoders_.append_rows(f, column.ids, batch_.columns[f]);
  if (taken == column.ids.size()) return;
  std::size_t row = taken;
  if (offsets != nullptr) {
    row = static_cast<std::size_t>(std::upper_bound(offsets, offsets + batch_.rows + 1, taken) - offsets) - 1;
  }
  fail_row(column.field, row,
           "id " + std::to_string(column.ids[taken]) + " is out of range: the table has " +
               std::to_string(table_rows_[f]) + " rows",
           "ids are rows of the field's embedding table, counted from 0");
}

}  // namespace dcrnn::api
