#include "config/reference.hpp"

#include <algorithm>

namespace dcrnn {
namespace {

/// The first value at `path` ("fields[].dim") below `node` in an object of this kind (empty: of any), null if
/// there is none.
const Json* at(const Json& node, std::string_view path, std::string_view kind) {
  const std::size_t dot = std::min(path.find('.'), path.size());
  std::string_view step = path.substr(0, dot);
  const std::string_view rest = path.substr(std::min(dot + 1, path.size()));
  const bool list = step.ends_with("[]");
  if (list) step.remove_suffix(2);
  const Json* found = node.find(step);
  if (found == nullptr) return nullptr;
  if (rest.empty()) {
    const Json* its_kind = node.find("kind");
    return kind.empty() || (its_kind != nullptr && *its_kind == Json(kind)) ? found : nullptr;
  }
  if (!list) return at(*found, rest, kind);
  for (const Json& element : found->list()) {
    if (const Json* value = at(element, rest, kind)) return value;
  }
  return nullptr;
}

std::string default_text(const std::string& path, const Key& key, std::string_view kind,
                         const std::vector<Json>& defaults) {
  if (!key.fallback.empty()) return std::string(key.fallback);
  for (const Json& tree : defaults) {
    const Json* value = at(tree, path, kind);
    if (value != nullptr) return value->is_object() ? "" : value->dump();
  }
  return "";
}

/// `|` would end a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

}  // namespace

std::string keys_markdown(KeyList keys, const std::vector<Json>& defaults) {
  std::string text = "| key | value | default | meaning |\n|---|---|---|---|\n";
  visit_keys(keys, [&](const std::string& path, const Key& key, std::string_view kind) {
    std::string meaning(key.doc);
    if (!key.applies.empty()) meaning += ". Only with " + std::string(key.applies);
    if (!kind.empty()) meaning += ". With kind " + std::string(kind);
    text += "| `" + path + "` | " + cell(wanted(key)) + " | " +
            cell(default_text(path, key, kind, defaults)) + " | " + cell(meaning) + " |\n";
  });
  return text;
}

}  // namespace dcrnn
