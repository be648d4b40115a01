// What rows hold: all of a config that `data` sees. Plain structs that every room can trust after validation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/csv_dialect.hpp"
#include "config/keys.hpp"
#include "config/rate.hpp"
#include "core/batch.hpp"

namespace dcrnn {

enum class FieldType { category, bag, number, rate };
enum class Encoding { vocab, hash, id };
enum class Pool { mean, sum };
enum class Transform { none, standardize, log1p, buckets };

/// One input field.
struct Field {
  std::string name;
  std::string column;  ///< CSV column read; of a rate field none, its `of` names them
  FieldType type = FieldType::category;
  Encoding encoding = Encoding::vocab;  ///< category, bag
  std::size_t size = 0;                 ///< hash, id: rows of the table
  std::size_t min_count = 1;            ///< vocab
  std::size_t dim = 16;                 ///< width of an embedding; unused for a plain number
  Pool pool = Pool::mean;               ///< bag
  std::string separator = "|";          ///< bag: one byte
  std::optional<std::vector<std::string>> missing = std::nullopt;  ///< in place of csv.missing
  std::vector<std::string> missing_words = {};                     ///< those that hold, by complete_schema()
  Transform transform = Transform::standardize;                    ///< number
  std::size_t bins = 40;                                           ///< buckets
  std::vector<KeyColumn> of = {};                                  ///< rate: the columns of its key
  RateConfig rate = {};                                            ///< rate

  /// True if its cells hold words or ids.
  bool has_words() const { return type == FieldType::category || type == FieldType::bag; }
  /// True if its ids come from a vocabulary, row 0 being what that does not have.
  bool has_vocabulary() const { return has_words() && encoding == Encoding::vocab; }
  /// True if the field looks rows up in a table `embedding.<name>.weight`.
  bool has_table() const {
    return has_words() || (type == FieldType::number && transform == Transform::buckets);
  }
  /// Columns of x0 the field fills.
  std::size_t width() const { return has_table() ? dim : type == FieldType::rate ? rate.numbers() : 1; }

  bool operator==(const Field&) const = default;
};

inline constexpr std::size_t kNoParent = static_cast<std::size_t>(-1);

/// One task (T of them).
struct Task {
  std::string name;
  std::string label;               ///< CSV column of the label
  std::size_t parent = kNoParent;  ///< index of the task it stands `after`; always smaller than its own
  double weight = 1.0;
  double positive_weight = 1.0;  ///< beta: how often a row with label 1 counts in the loss
  std::string soft = {};         ///< CSV column of soft labels; empty: none
  double soft_share = 0.5;       ///< a: their share in what is learnt from

  /// What is learnt from where there are both.
  double target(int y, double soft_label) const {
    return (1 - soft_share) * (y == 1 ? 1.0 : 0.0) + soft_share * soft_label;
  }

  bool operator==(const Task&) const = default;
};

/// The inputs, what to predict from them, and how much each row counts.
struct Schema {
  std::vector<Field> fields;
  std::vector<Task> tasks;
  std::string weight;  ///< CSV column of the sample weight; empty: none
  std::string group;   ///< CSV column of the groups that eval ranks within; empty: none
  CsvDialect csv;
  std::vector<RatePairs> rate_pairs;  ///< none once the schema is complete: their fields are among `fields`

  /// True if some field is a rate field.
  bool has_rates() const {
    return std::any_of(fields.begin(), fields.end(),
                       [](const Field& field) { return field.type == FieldType::rate; });
  }
  /// Columns of x0 that all fields fill.
  std::size_t input_width() const {
    std::size_t width = 0;
    for (const Field& field : fields) width += field.width();
    return width;
  }
  /// Those of the rate fields.
  std::size_t rate_width() const {
    std::size_t width = 0;
    for (const Field& field : fields) width += field.type == FieldType::rate ? field.width() : 0;
    return width;
  }

  bool operator==(const Schema&) const = default;
};

/// Leaves a batch without rows, ready for rows to be appended; it keeps its memory.
inline void clear_rows(Batch& batch, const Schema& schema) {
  batch.rows = 0;
  batch.columns.resize(schema.fields.size());
  for (std::size_t f = 0; f < schema.fields.size(); ++f) {
    BatchColumn& column = batch.columns[f];
    column.ids.clear();
    column.offsets.assign(schema.fields[f].type == FieldType::bag ? 1 : 0, 0);
    column.values.clear();
    column.keys.clear();
    column.counts = {};
  }
  const auto clear = [&](auto& of_tasks) {
    of_tasks.resize(schema.tasks.size());
    for (auto& values : of_tasks) values.clear();
  };
  clear(batch.labels);
  clear(batch.targets);
  clear(batch.truth);
  batch.weights.clear();
  batch.groups.clear();
}

// clang-format off
inline constexpr Key kPlainFieldKeys[] = {
    {.name = "name", .kind = KeyKind::name, .doc = "name of the field; unique", .fallback = kRequired},
    {.name = "column", .kind = KeyKind::column, .doc = "CSV column read; several fields may read one column", .fallback = "the field's name", .applies = "type category, bag or number"},
    {.name = "type", .kind = KeyKind::word, .doc = "category: one value per cell; bag: several; number: a number; rate: how often the rows of its key had the labels, counted over other training rows", .words = "category|bag|number|rate", .fallback = kRequired},
    {.name = "encoding", .kind = KeyKind::word, .doc = "how a value becomes a row of the table. vocab: values seen in training, row 0 is unknown; hash: XXH64 modulo size; id: the cell is the row", .words = "vocab|hash|id", .applies = "type category or bag"},
    {.name = "size", .kind = KeyKind::whole, .doc = "rows of the table", .least = 1, .fallback = kRequired, .applies = "encoding hash or id"},
    {.name = "missing", .kind = KeyKind::words, .doc = "words that count as an empty cell of this field, in place of csv.missing", .fallback = "those of csv.missing"},
    {.name = "min_count", .kind = KeyKind::whole, .doc = "times a value must be seen in training to get a row of its own", .least = 1, .applies = "encoding vocab"},
    {.name = "pool", .kind = KeyKind::word, .doc = "how the rows of a bag become one", .words = "mean|sum", .applies = "type bag"},
    {.name = "separator", .kind = KeyKind::byte, .doc = "the byte between two values of a bag", .applies = "type bag"},
    {.name = "transform", .kind = KeyKind::word, .doc = "none: as it is; standardize: mean 0, variance 1 over the training rows; log1p: log(1 + x), then standardized; buckets: quantiles of the training values, each with a row of a table", .words = "none|standardize|log1p|buckets", .applies = "type number"},
    {.name = "bins", .kind = KeyKind::whole, .doc = "most buckets; edges saved by merging equal ones go to the other values", .least = 1, .applies = "transform buckets"},
    {.name = "dim", .kind = KeyKind::whole, .doc = "width of the embedding", .least = 1, .applies = "type category or bag, or transform buckets"},
    {.name = "of", .kind = KeyKind::columns, .doc = "the key: one column or two different ones, each a name (its cells are words) or an object (its cells are numbers)", .fallback = kRequired, .applies = "type rate", .below = kKeyColumnKeys},
};
inline constexpr auto kFieldKeys = joined(kPlainFieldKeys, kRateKeys);

inline constexpr Key kTaskKeys[] = {
    {.name = "name", .kind = KeyKind::name, .doc = "name of the task; unique", .fallback = kRequired},
    {.name = "label", .kind = KeyKind::column, .doc = "CSV column of the label: a word of csv.true (1), of csv.false (0), or missing", .fallback = "the task's name"},
    {.name = "after", .kind = KeyKind::name, .doc = "the task this one follows, listed before it (click, then consume)", .fallback = "none"},
    {.name = "weight", .kind = KeyKind::number, .doc = "factor of the task's loss", .least = 0, .most = kLargest},
    {.name = "positive_weight", .kind = KeyKind::number, .doc = "beta: in training a row whose label is 1 counts so often in this task's loss", .least = kAboveZero, .most = kLargest, .added = true},
    {.name = "soft", .kind = KeyKind::column, .doc = "CSV column of soft labels, numbers from 0 to 1 or empty: training learns from (1 - a) label + a soft", .fallback = "none", .added = true},
    {.name = "soft_share", .kind = KeyKind::number, .doc = "a, the share of the soft label", .least = 0, .most = 1, .fallback = "0.5", .applies = "tasks with `soft`", .added = true},
};

inline constexpr Key kSchemaKeys[] = {
    {.name = "fields", .kind = KeyKind::list, .doc = "the inputs, in the order in which they make up x0; at least one", .fallback = kRequired, .below = kFieldKeys},
    {.name = "rate_pairs", .kind = KeyKind::list, .doc = "each a rate field for every pair of some columns, named <column>--<column>, behind `fields`", .fallback = "[]", .below = kRatePairsKeys, .added = true},
    {.name = "tasks", .kind = KeyKind::list, .doc = "what to predict, parents first; 1 to 16", .fallback = kRequired, .below = kTaskKeys},
    {.name = "weight", .kind = KeyKind::column, .doc = "CSV column of the sample weight", .fallback = "none"},
    {.name = "group", .kind = KeyKind::column, .doc = "CSV column of the groups (users, sessions) within which eval measures the ranking: GAUC and nDCG@k", .fallback = "none"},
    {.name = "csv", .kind = KeyKind::object, .doc = "how the data files are written", .below = kCsvKeys, .added = true},
};
// clang-format on

void describe(auto& v, Is<Field> auto& field) {
  v.value("name", field.name);
  if (field.type != FieldType::rate) v.value("column", field.column);
  v.value("type", field.type);
  if (field.type == FieldType::rate) {
    v.list("of", field.of);
    describe_rate(v, field.rate);
  } else if (field.type == FieldType::number) {
    v.value("transform", field.transform);
    if (field.transform == Transform::buckets) v.value("bins", field.bins);
  } else {
    v.value("encoding", field.encoding);
    if (field.encoding == Encoding::vocab) {
      v.value("min_count", field.min_count);
    } else {
      v.value("size", field.size);
    }
  }
  if (field.has_table()) v.value("dim", field.dim);
  if (field.type == FieldType::bag) {
    v.value("pool", field.pool);
    v.value("separator", field.separator);
  }
  v.optional("missing", field.missing);
}

void describe(auto& v, Is<Task> auto& task) {
  v.value("name", task.name);
  v.value("label", task.label);
  v.earlier("after", "task", task.parent);
  v.value("weight", task.weight);
  v.value("positive_weight", task.positive_weight);
  v.optional("soft", task.soft);
  if (!task.soft.empty()) v.value("soft_share", task.soft_share);
}

/// `schema` is a Schema or what extends it.
void describe_schema(auto& v, auto& schema) {
  v.list("fields", schema.fields);
  v.list("rate_pairs", schema.rate_pairs);
  v.list("tasks", schema.tasks);
  v.optional("weight", schema.weight);
  v.optional("group", schema.group);
  v.object("csv", schema.csv);
}

/// Fills in what follows from other keys (a field's column, a task's label, the fields of rate_pairs) and
/// checks the rules that concern more than one key. Failure(usage) naming `source` and the JSON path.
void complete_schema(Schema& schema, const std::string& source);

/// The part of it that concerns rate fields: their tasks, and rate_pairs as the fields that they stand for.
void complete_rates(Schema& schema, const std::string& source);

}  // namespace dcrnn
