#include "api/rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::api {

namespace {

[[noreturn]] void fail_column(std::string_view column, const std::string& what, const std::string& help) {
  fail(ErrorCode::data, "column " + in_quotes(column) + ": " + what, help);
}

[[noreturn]] void fail_row(std::string_view column, std::size_t row, const std::string& what,
                           const std::string& help) {
  fail(ErrorCode::data, "column " + in_quotes(column) + ", row " + std::to_string(row) + ": " + what, help);
}

void check_length(std::string_view column, std::size_t found, std::size_t want) {
  if (found == want) return;
  fail_column(column, std::to_string(found) + " values for " + std::to_string(want) + " rows",
              "give one value for every row");
}

std::string nearest_of(std::string_view word, const std::vector<std::string>& names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  return std::string(nearest(word, views));
}

const char* wanted_form(const Field& field) {
  if (field.type == FieldType::bag) return "a bag field takes bags (ids and offsets) or text";
  if (field.type == FieldType::category) return "a category field takes ids or text";
  return field.has_table() ? "a bucketed number field takes numbers, ids or text"
                           : "a number field takes numbers or text";
}

}  // namespace

RowsEncoder::RowsEncoder(const ModelConfig& config, const data::Encoders& encoders)
    : config_(config), encoders_(encoders), columns_(config), table_rows_(encoders.table_rows()) {
  batch_.columns.resize(config.fields.size());
}

Batch& RowsEncoder::encode(const Rows& rows, bool labelled) {
  batch_.rows = rows.count;
  check_columns(rows);
  for (std::size_t f = 0; f < config_.fields.size(); ++f) {
    if (config_.fields[f].type == FieldType::rate) {
      encode_rates(rows, f);
    } else {
      encode_column(column_of(rows, columns_.of[f][0]), rows.count, f);
    }
  }
  if (labelled) {
    encode_labels(rows);
    encode_weights(rows);
  }
  return batch_;
}

const Column& RowsEncoder::column_of(const Rows& rows, std::size_t index) const {
  const std::string& name = columns_.names[index];
  // Most callers give the columns in the order of the config.
  if (index < rows.columns.size() && rows.columns[index].field == name) return rows.columns[index];
  for (const Column& column : rows.columns) {
    if (column.field == name) return column;
  }
  fail_column(name, "missing", "give a column for every name of Model::columns()");
}

void RowsEncoder::check_columns(const Rows& rows) const {
  const std::vector<std::string>& names = columns_.names;
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    const std::string_view name = rows.columns[i].field;
    if (i < names.size() && names[i] == name) continue;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const std::string near = nearest_of(name, names);
      fail_column(name, "the model reads no such column",
                  near.empty() ? "Model::columns() lists them" : "did you mean " + in_quotes(near) + "?");
    }
  }
  // As many columns as names, and each found later: then none is given twice.
  if (rows.columns.size() <= names.size()) return;
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (rows.columns[i].field == rows.columns[j].field)
        fail_column(rows.columns[i].field, "given twice", "give one column for every name");
    }
  }
}

void RowsEncoder::encode_rates(const Rows& rows, std::size_t f) {
  BatchColumn& to = batch_.columns[f];
  to.values.clear();
  to.keys.clear();
  const Field& field = config_.fields[f];
  for (const std::size_t index : columns_.of[f]) {
    const Column& column = column_of(rows, index);
    if (column.text.empty() && column.numbers.empty() && rows.count > 0) {
      fail_column(column.field, "given in a form that does not fit the key of field " + in_quotes(field.name),
                  "a key takes text; one of numbers takes numbers, too");
    }
    check_length(column.field, column.text.empty() ? column.numbers.size() : column.text.size(), rows.count);
  }
  for (std::size_t b = 0; b < rows.count; ++b) {
    for (std::size_t part = 0; part < columns_.of[f].size(); ++part) {
      const Column& column = column_of(rows, columns_.of[f][part]);
      const std::string wrong = column.text.empty() ? encoders_.encode(f, column.numbers[b], to, part)
                                                    : encoders_.encode(f, column.text[b], to, part);
      if (!wrong.empty()) fail_row(column.field, b, wrong, "mend the value");
    }
  }
}

void RowsEncoder::encode_column(const Column& column, std::size_t count, std::size_t f) {
  const Field& field = config_.fields[f];
  BatchColumn& to = batch_.columns[f];
  to.ids.clear();
  to.values.clear();
  to.offsets.clear();
  to.counts = {};

  const bool bags = !column.offsets.empty(), ids = !column.ids.empty() || bags;
  const bool numbers = !column.numbers.empty(), text = !column.text.empty();
  if (int{ids} + int{numbers} + int{text} > 1) {
    fail_column(column.field, "given in more than one form", wanted_form(field));
  }
  const bool number_field = field.type == FieldType::number;
  if ((bags && field.type != FieldType::bag) || (ids && !bags && field.type == FieldType::bag) ||
      (ids && !field.has_table()) || (numbers && !number_field)) {
    fail_column(column.field, "given in a form that does not fit the field", wanted_form(field));
  }

  if (bags) {
    encode_bags(column, count, f);
    return;
  }
  if (ids) {
    encode_ids(column, count, f);
    return;
  }
  if (field.type == FieldType::bag) to.offsets.push_back(0);
  check_length(column.field, numbers ? column.numbers.size() : column.text.size(), count);
  for (std::size_t b = 0; b < count; ++b) {
    const std::string wrong =
        numbers ? encoders_.encode(f, column.numbers[b], to) : encoders_.encode(f, column.text[b], to);
    if (!wrong.empty()) fail_row(column.field, b, wrong, "mend the value");
  }
}

void RowsEncoder::encode_ids(const Column& column, std::size_t count, std::size_t f) {
  check_length(column.field, column.ids.size(), count);
  append_ids(column, f, nullptr);
}

void RowsEncoder::encode_bags(const Column& column, std::size_t count, std::size_t f) {
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
  append_ids(column, f, offsets.data());
  batch_.columns[f].offsets.assign(offsets.begin(), offsets.end());
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

void RowsEncoder::encode_labels(const Rows& rows) {
  batch_.labels.resize(config_.tasks.size());
  for (std::size_t t = 0; t < config_.tasks.size(); ++t) {
    const std::string& task = config_.tasks[t].name;
    const Labels* found = nullptr;
    for (const Labels& labels : rows.labels) {
      if (labels.task != task) continue;
      if (found != nullptr) fail_column(task, "labels given twice", "give one set of labels for every task");
      found = &labels;
    }
    if (found == nullptr) fail_column(task, "no labels for this task", "give labels for every task");
    check_length(task, found->values.size(), rows.count);
    for (std::size_t b = 0; b < rows.count; ++b) {
      const int label = found->values[b];
      if (label < -1 || label > 1) {
        fail_row(task, b, "label " + std::to_string(label) + ", want 0, 1 or -1 (missing)", "mend the label");
      }
    }
    batch_.labels[t].assign(found->values.begin(), found->values.end());
    encode_soft(*found, t);
  }
  if (rows.labels.size() == config_.tasks.size()) return;
  for (const Labels& labels : rows.labels) {
    const auto known = [&](const Task& task) { return task.name == labels.task; };
    if (std::none_of(config_.tasks.begin(), config_.tasks.end(), known)) {
      fail_column(labels.task, "labels for a task that the model does not have", "Model::tasks() lists them");
    }
  }
}

void RowsEncoder::encode_soft(const Labels& labels, std::size_t t) {
  const Task& task = config_.tasks[t];
  batch_.targets.resize(config_.tasks.size());
  std::vector<double>& targets = batch_.targets[t];
  targets.clear();
  if (labels.soft.empty()) return;
  if (task.soft.empty()) {
    fail_column(task.name, "soft labels were given, but the model has none for this task",
                "set \"soft\" of the task in the config, or give none");
  }
  check_length(task.name, labels.soft.size(), labels.values.size());
  for (std::size_t b = 0; b < labels.soft.size(); ++b) {
    const double soft = labels.soft[b];
    if (std::isnan(soft)) {
      targets.push_back(labels.values[b] == 1 ? 1.0 : 0.0);
    } else if (soft >= 0 && soft <= 1) {
      targets.push_back(task.target(labels.values[b], soft));
    } else {
      fail_row(task.name, b, "soft label " + std::to_string(soft) + ", want a number from 0 to 1",
               "mend the soft label");
    }
  }
}

void RowsEncoder::encode_weights(const Rows& rows) {
  batch_.weights.clear();
  if (config_.weight.empty()) {
    if (rows.weights.empty()) return;
    fail(ErrorCode::data, "weights were given, but the model has no weight column",
         "set \"weight\" in the config, or give no weights");
  }
  check_length(config_.weight, rows.weights.size(), rows.count);
  for (std::size_t b = 0; b < rows.count; ++b) {
    const double weight = rows.weights[b];
    if (!(weight >= 0) || !std::isfinite(weight)) {
      fail_row(config_.weight, b, "the weight is negative or not finite", "mend the weight");
    }
  }
  batch_.weights.assign(rows.weights.begin(), rows.weights.end());
}

}  // namespace dcrnn::api
