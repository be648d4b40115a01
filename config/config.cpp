#include "config/config.hpp"

#include "config/json_text.hpp"
#include "config/reader.hpp"
#include "config/validate.hpp"
#include "config/writer.hpp"

namespace dcrnn {

Config parse_config(std::string_view json, const std::string& source) {
  const nlohmann::json document = parse_json_text(json, source);
  Config config;
  Reader(document, source, config).read_object(config);
  for (Field& field : config.model.fields) {
    if (field.column.empty()) field.column = field.name;
  }
  for (Task& task : config.model.tasks) {
    if (task.label.empty()) task.label = task.name;
  }
  validate(config, source);
  check_sizes(config, source);
  return config;
}

std::string to_json(const Config& config) {
  Writer writer(config);
  describe(writer, config);
  return writer.node().dump();
}

}  // namespace dcrnn
