#include "api/c_rows.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace dcrnn::api {

namespace {

/// The forms of a column that dcrnn_column and dcrnn_array share.
template <class From>
Column column_of(const From& from, std::size_t count) {
  need(from.field, "column.field");
  Column to;
  to.field = from.field;
  std::size_t ids = count;
  if (from.offsets != nullptr) {
    to.offsets = {from.offsets, count + 1};
    ids = from.offsets[count];
    if (ids > 0) need(from.ids, "column.ids");
  }
  if (from.ids != nullptr) to.ids = {from.ids, ids};
  if (from.numbers != nullptr) to.numbers = {from.numbers, count};
  return to;
}

/// The texts of an array, one after the other.
void split(const dcrnn_array& from, std::size_t count, std::vector<std::string_view>& text) {
  text.clear();
  text.reserve(count);
  const auto fail_offsets = [&](std::size_t i) {
    fail(ErrorCode::data,
         "column " + in_quotes(from.field) + ": text_offsets[" + std::to_string(i) + "] is " +
             std::to_string(from.text_offsets[i]) + ", less than the one before",
         "text i is text[text_offsets[i] .. text_offsets[i + 1])");
  };
  if (from.text_offsets[0] < 0) fail_offsets(0);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t begin = from.text_offsets[i], end = from.text_offsets[i + 1];
    if (end < begin) fail_offsets(i + 1);
    if (end > begin) need(from.text, "column.text");
    text.push_back(begin == end ? std::string_view()
                                : std::string_view(from.text + begin, static_cast<std::size_t>(end - begin)));
  }
}

Column array_of(const dcrnn_array& from, std::size_t count, std::vector<std::string_view>& text) {
  Column to = column_of(from, count);
  if (from.integers != nullptr) to.integers = {from.integers, count};
  if (from.text_offsets != nullptr) split(from, from.codes != nullptr ? from.words : count, text);
  if (from.codes != nullptr) {
    need(from.text_offsets, "column.text_offsets");
    to.codes = {from.codes, count};
    to.words = text;
  } else if (from.text_offsets != nullptr) {
    to.text = text;
  }
  return to;
}

}  // namespace

void RowsView::start(std::size_t columns) {
  columns_.clear();
  labels_.clear();
  text_.resize(std::max(text_.size(), columns));
}

Rows RowsView::finish(std::size_t count, const dcrnn_labels* labels, std::size_t label_count,
                      const double* weights) {
  if (label_count > 0) need(labels, "rows.labels");
  for (std::size_t i = 0; i < label_count; ++i) {
    need(labels[i].task, "labels.task");
    need(labels[i].values, "labels.values");
    labels_.push_back({labels[i].task, {labels[i].values, count}});
  }
  return {count, columns_, labels_, {weights, weights == nullptr ? 0 : count}};
}

Rows RowsView::operator()(const dcrnn_rows& rows) {
  if (rows.column_count > 0) need(rows.columns, "rows.columns");
  start(rows.column_count);
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    const dcrnn_column& from = rows.columns[i];
    Column to = column_of(from, rows.count);
    if (from.text != nullptr) {
      text_[i].clear();
      for (std::size_t b = 0; b < rows.count; ++b) {
        need(from.text[b], "a text cell");
        text_[i].emplace_back(from.text[b]);
      }
      to.text = text_[i];
    }
    columns_.push_back(to);
  }
  return finish(rows.count, rows.labels, rows.label_count, rows.weights);
}

Rows RowsView::operator()(const dcrnn_table& table) {
  const dcrnn_table rows = known_part(&table, sizeof(dcrnn_table), "table");
  if (rows.array_count > 0) need(rows.arrays, "table.arrays");
  start(rows.array_count);
  const char* at = reinterpret_cast<const char*>(rows.arrays);
  for (std::size_t i = 0; i < rows.array_count; ++i) {
    const auto* from = reinterpret_cast<const dcrnn_array*>(at);
    at += from->size;
    columns_.push_back(array_of(known_part(from, sizeof(dcrnn_array), "array"), rows.count, text_[i]));
  }
  Rows view = finish(rows.count, rows.labels, rows.label_count, rows.weights);
  for (std::size_t i = 0; rows.soft != nullptr && i < rows.label_count; ++i) {
    if (rows.soft[i] != nullptr) labels_[i].soft = {rows.soft[i], rows.count};
  }
  return view;
}

}  // namespace dcrnn::api
