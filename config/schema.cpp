#include "config/schema.hpp"

#include <algorithm>
#include <utility>

#include "config/rules.hpp"
#include "core/limits.hpp"

namespace dcrnn {
namespace {

/// Between the items of a bag stands another byte than between cells.
void check_separators(const Schema& schema, const std::string& source) {
  for (std::size_t f = 0; f < schema.fields.size(); ++f) {
    const Field& field = schema.fields[f];
    if (field.type != FieldType::bag) continue;
    for (const auto& [key, mark] :
         {std::pair("csv.separator", schema.csv.separator), {"csv.quote", schema.csv.quote}}) {
      if (field.separator != mark) continue;
      fail(ErrorCode::usage,
           place(source, element("fields", f) + ".separator") + "found " + in_quotes(mark) + ", which is " +
               key,
           "separate the items of a bag by another character");
    }
  }
}

/// Names that the config gives to the columns must hold those that it reads.
void check_header(const Schema& schema, const std::string& source) {
  const std::vector<std::string>& names = schema.csv.header;
  if (names.empty()) return;
  const auto check = [&](const std::string& column, const std::string& key) {
    if (column.empty() || std::find(names.begin(), names.end(), column) != names.end()) return;
    fail(ErrorCode::usage, place(source, key) + "column " + in_quotes(column) + " is not in csv.header",
         "csv.header names all columns of the file, in their order");
  };
  for (std::size_t f = 0; f < schema.fields.size(); ++f) {
    check(schema.fields[f].column, element("fields", f) + ".column");
    for (std::size_t j = 0; j < schema.fields[f].of.size(); ++j)
      check(schema.fields[f].of[j].column, element(element("fields", f) + ".of", j));
  }
  for (std::size_t t = 0; t < schema.tasks.size(); ++t) {
    check(schema.tasks[t].label, element("tasks", t) + ".label");
    check(schema.tasks[t].soft, element("tasks", t) + ".soft");
  }
  check(schema.weight, "weight");
  check(schema.group, "group");
}

}  // namespace

void complete_schema(Schema& schema, const std::string& source) {
  for (Field& field : schema.fields) {
    if (field.column.empty() && field.type != FieldType::rate) field.column = field.name;
  }
  for (Task& task : schema.tasks) {
    if (task.label.empty()) task.label = task.name;
  }
  complete_rates(schema, source);
  check_dialect(schema.csv, source);
  for (Field& field : schema.fields) field.missing_words = field.missing.value_or(schema.csv.missing);
  check_separators(schema, source);
  check_header(schema, source);
  constexpr std::size_t kAny = static_cast<std::size_t>(-1);
  check_length(schema.fields.size(), 1, kAny, kSchemaKeys, "fields", source);
  check_length(schema.tasks.size(), 1, kMaxTasks, kSchemaKeys, "tasks", source);
  check_unique_names(schema.fields, "fields", source);
  check_unique_names(schema.tasks, "tasks", source);
}

}  // namespace dcrnn
