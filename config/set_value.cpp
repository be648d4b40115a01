#include "config/set_value.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "config/json_text.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

[[noreturn]] void fail_assignment(const std::string& assignment, const std::string& what) {
  fail(ErrorCode::usage, in_quotes(assignment) + ": " + what,
       "write key.path=value, as in train.epochs=3, fields.0.dim=8, tower=[64,32]");
}

/// JSON where it is JSON; anything that does not start like JSON is a plain word.
Json value_of(std::string_view text, const std::string& assignment) {
  if (find_invalid_utf8(text) != std::string_view::npos) fail_assignment(assignment, "not valid UTF-8");
  if (nlohmann::json::accept(text)) return parse_json_text(text, assignment);
  const bool broken_json = text.empty() || std::string_view("{[\"").find(text[0]) != std::string_view::npos;
  if (broken_json) fail_assignment(assignment, "the value " + in_quotes(text) + " is not JSON");
  return std::string(text);
}

/// The child of `node` called `step`; of an object it is made if it is not there.
Json& child(Json& node, std::string_view step, const std::string& assignment) {
  if (node.is_object()) return node[step];
  if (!node.is_list()) {
    fail_assignment(assignment, in_quotes(step) + " lies below a value that is neither object nor list");
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (error != std::errc() || end != step.data() + step.size() || index >= node.list().size()) {
    fail_assignment(assignment,
                    in_quotes(step) + " is no index of a list of " + std::to_string(node.list().size()));
  }
  return node.list()[index];
}

}  // namespace

std::string assign_config_value(std::string_view json, const std::string& assignment,
                                const std::string& source) {
  Json document = parse_json_text(json, source);
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) fail_assignment(assignment, "want key.path=value");
  const std::string_view path = std::string_view(assignment).substr(0, equals);
  if (find_invalid_utf8(path) != std::string_view::npos) fail_assignment(assignment, "not valid UTF-8");

  Json* node = &document;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t dot = std::min(path.find('.', start), path.size());
    const std::string_view step = path.substr(start, dot - start);
    if (step.empty()) fail_assignment(assignment, "a part of the path is empty");
    if (node->is_null()) *node = Json::object();
    node = &child(*node, step, assignment);
    start = dot + 1;
  }
  *node = value_of(std::string_view(assignment).substr(equals + 1), assignment);
  return document.dump();
}

bool names_config_key(std::string_view json, std::string_view path, const std::string& source) {
  const Json document = parse_json_text(json, source);
  const Json* node = &document;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t dot = std::min(path.find('.', start), path.size());
    node = node->is_object() ? node->find(path.substr(start, dot - start)) : nullptr;
    if (node == nullptr) return false;
    start = dot + 1;
  }
  return true;
}

}  // namespace dcrnn
