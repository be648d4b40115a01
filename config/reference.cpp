#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/keys.hpp"
#include "config/writer.hpp"

namespace dcrnn {
namespace {

using Json = nlohmann::ordered_json;

/// A default-constructed config with one element of every kind, so that every key shows its default.
Json defaults() {
  Config config;
  for (const FieldType type : {FieldType::category, FieldType::bag, FieldType::number}) {
    config.model.fields.emplace_back().type = type;
  }
  config.model.fields.emplace_back(config.model.fields.back()).transform = Transform::buckets;
  config.model.tasks.emplace_back();
  config.model.sharing = {SharingConfig{}};
  Writer writer(config);
  describe(writer, config);
  return writer.node();
}

/// The first value at `path` ("fields[].dim") below `node`, null if there is none.
const Json* at(const Json& node, std::string_view path) {
  const std::size_t dot = std::min(path.find('.'), path.size());
  std::string_view step = path.substr(0, dot);
  const std::string_view rest = path.substr(std::min(dot + 1, path.size()));
  const bool list = step.ends_with("[]");
  if (list) step.remove_suffix(2);
  const auto found = node.find(step);
  if (found == node.end()) return nullptr;
  if (rest.empty()) return &*found;
  if (!list) return at(*found, rest);
  for (const Json& element : *found) {
    if (const Json* value = at(element, rest)) return value;
  }
  return nullptr;
}

std::string default_text(const Key& key, const Json& tree) {
  if (!key.fallback.empty()) return std::string(key.fallback);
  const Json* value = at(tree, key.path);
  return value == nullptr || value->is_object() ? "" : value->dump();
}

/// `|` would end a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

}  // namespace

std::string config_markdown() {
  std::string text =
      "# Config keys\n\n"
      "<!-- Made from config/keys.hpp and the structs of config/config.hpp; a test fails when it is out of "
      "date. "
      "-->\n\n"
      "A config is one JSON object; `//` comments are allowed. `[]` stands for every element of a list. An "
      "unknown key,\na key that does not apply and a key that stands twice are errors. The defaults of the "
      "model "
      "part belong to format 1:\nthey mean the same in every file of that format.\n\n"
      "| key | value | default | meaning |\n|---|---|---|---|\n";
  const Json tree = defaults();
  for (const Key& key : kKeys) {
    std::string meaning(key.doc);
    if (!key.applies.empty()) meaning += ". Only with " + std::string(key.applies);
    text += "| `" + std::string(key.path) + "` | " + cell(wanted(key)) + " | " +
            cell(default_text(key, tree)) + " | " + cell(meaning) + " |\n";
  }
  return text;
}

}  // namespace dcrnn
