#include "api/row_columns.hpp"

#include <algorithm>
#include <map>

namespace dcrnn::api {

RowColumns::RowColumns(const Schema& config) : of(config.fields.size()) {
  std::map<std::string_view, std::size_t> read;  // by the first field that reads a column
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    const Field& field = config.fields[f];
    if (field.type == FieldType::rate) continue;
    of[f].push_back(names.size());
    read.try_emplace(field.column, names.size());
    names.push_back(field.name);
  }
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    for (const KeyColumn& column : config.fields[f].of) {
      const auto [at, fresh] = read.try_emplace(column.column, names.size());
      if (fresh) {
        const bool taken = std::find(names.begin(), names.end(), column.column) != names.end();
        names.push_back((taken ? "column." : "") + column.column);
      }
      of[f].push_back(at->second);
    }
  }
}

}  // namespace dcrnn::api
