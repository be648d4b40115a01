#include "config/schema.hpp"

#include "config/rules.hpp"
#include "core/limits.hpp"

namespace dcrnn {

void complete_schema(Schema& schema, const std::string& source) {
  for (Field& field : schema.fields) {
    if (field.column.empty()) field.column = field.name;
  }
  for (Task& task : schema.tasks) {
    if (task.label.empty()) task.label = task.name;
  }
  constexpr std::size_t kAny = static_cast<std::size_t>(-1);
  check_length(schema.fields.size(), 1, kAny, kSchemaKeys, "fields", source);
  check_length(schema.tasks.size(), 1, kMaxTasks, kSchemaKeys, "tasks", source);
  check_unique_names(schema.fields, "fields", source);
  check_unique_names(schema.tasks, "tasks", source);
}

}  // namespace dcrnn
