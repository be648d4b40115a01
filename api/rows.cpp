#include "api/rows.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::api {

RowsEncoder::RowsEncoder(const ModelConfig& config, const data::Encoders& encoders)
    : config_(config), encoders_(encoders), columns_(config), table_rows_(encoders.table_rows()) {
  batch_.columns.resize(config.fields.size());
}

Batch& RowsEncoder::encode(const Rows& rows, bool labelled) {
  batch_.rows = rows.count;
  columns_.check(rows);
  for (std::size_t f = 0; f < config_.fields.size(); ++f) {
    if (config_.fields[f].type == FieldType::rate) {
      encode_rates(rows, f);
    } else {
      encode_column(columns_.of_field(rows, config_, f), rows.count, f);
    }
  }
  if (labelled) {
    encode_labels(rows);
    encode_weights(rows);
  }
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

void RowsEncoder::encode_rates(const Rows& rows, std::size_t f) {
  const Field& field = config_.fields[f];
  BatchColumn& to = batch_.columns[f];
  to.values.clear();
  to.keys.clear();
  to.counts = {};
  std::array<const Column*, 2> parts{};
  for (std::size_t part = 0; part < field.of.size(); ++part) {
    parts[part] = &columns_.of_key(rows, config_, f, part);
  }
  for (std::size_t b = 0; b < rows.count; ++b) {
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
