#include "api/columns_json.hpp"

#include <string>
#include <vector>

#include "api/row_columns.hpp"

namespace dcrnn::api {

namespace {

/// How a column is read.
struct Read {
  std::string column;
  const Field* field = nullptr;  // none: only keys read it
  bool words = false;
};

const char* type_of(const Read& read) {
  if (read.field == nullptr) return read.words ? "category" : "number";
  if (read.field->type == FieldType::bag) return "bag";
  return read.field->has_words() ? "category" : "number";
}

}  // namespace

Json columns_json(const Schema& config) {
  const RowColumns columns(config);
  std::vector<Read> read(columns.names().size());
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    const Field& field = config.fields[f];
    for (std::size_t part = 0; part < columns.of(f).size(); ++part) {
      Read& one = read[columns.of(f)[part]];
      const bool key = field.type == FieldType::rate;
      if (!key) one.field = &field;
      one.column = key ? field.of[part].column : field.column;
      one.words = one.words || (key ? !field.of[part].numbers : field.has_words());
    }
  }
  Json::List list;
  for (std::size_t i = 0; i < read.size(); ++i) {
    Json json = Json::object()
                    .with("name", columns.names()[i])
                    .with("column", read[i].column)
                    .with("type", type_of(read[i]))
                    .with("words", read[i].words);
    if (json.find("type")->text() == "bag") json["separator"] = read[i].field->separator;
    list.push_back(std::move(json));
  }
  return Json(std::move(list));
}

}  // namespace dcrnn::api
