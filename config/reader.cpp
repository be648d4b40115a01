#include "config/reader.hpp"

#include <algorithm>
#include <cmath>

#include "config/json_text.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

using Json = nlohmann::json;

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool is_separator(std::string_view text) {
  return text.size() == 1 && std::string_view("\",\r\n").find(text[0]) == std::string_view::npos;
}

/// 1e5 and 8.0 are whole numbers, too.
bool is_whole(double value) {
  return value >= 0 && value < 0x1p64 && std::floor(value) == value;
}

std::string joined(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

}  // namespace

Reader::Reader(const Json& document, const std::string& source, const Config& config)
    : document_(document), node_(document), source_(source), config_(config) {
  if (!node_.is_object()) {
    fail(ErrorCode::usage, printable(source_) + ": found " + shown(node_) + ", want an object",
         "a config is {\"fields\": [...], \"tasks\": [...], ...}");
  }
}

Reader::Reader(const Reader& parent, const Json& node, std::string_view name, const std::string& index)
    : document_(parent.document_),
      node_(node),
      source_(parent.source_),
      config_(parent.config_),
      path_(parent.path_of(name) + index),
      pattern_(parent.pattern_of(name) + (index.empty() ? "" : "[]")) {
  if (!node_.is_object()) {
    fail(ErrorCode::usage, printable(source_) + ": " + path_ + ": found " + shown(node_) + ", want an object",
         std::string(name) + ": " + std::string(parent.key(name).doc));
  }
}

std::string Reader::path_of(std::string_view name) const {
  return joined(path_, name);
}

std::string Reader::pattern_of(std::string_view name) const {
  return joined(pattern_, name);
}

const Key& Reader::key(std::string_view name) const {
  const Key* row = find_key(pattern_of(name));
  if (row == nullptr) fail(ErrorCode::internal, "config key " + pattern_of(name) + " is not in the table");
  return *row;
}

const Json* Reader::find(std::string_view name) {
  asked_.emplace(name);
  const auto found = node_.find(name);
  if (found != node_.end()) return &*found;
  if (key(name).fallback == kRequired) {
    fail_at(name, "missing, want " + wanted(key(name)));
  }
  return nullptr;
}

void Reader::fail_at(std::string_view name, const std::string& what) const {
  fail(ErrorCode::usage, printable(source_) + ": " + path_of(name) + ": " + what,
       std::string(name) + ": " + std::string(key(name).doc));
}

void Reader::fail_value(std::string_view name, const Json& found) const {
  fail_at(name, "found " + shown(found) + ", want " + wanted(key(name)));
}

void Reader::constant(std::string_view name, std::string_view word) {
  const Json* found = find(name);
  if (found != nullptr && *found != Json(word)) fail_value(name, *found);
}

void Reader::constant(std::string_view name, int number) {
  const Json* found = find(name);
  if (found != nullptr && (!found->is_number_integer() || *found != Json(number))) fail_value(name, *found);
}

void Reader::optional(std::string_view name, std::string& text) {
  const Json* found = find(name);
  if (found != nullptr && !found->is_null()) read(name, *found, text);
}

void Reader::parent(std::string_view name, std::size_t& parent) {
  std::string wanted_name;
  optional(name, wanted_name);
  if (wanted_name.empty()) return;
  const std::vector<Task>& tasks = config_.model.tasks;  // the last one is being read
  if (tasks.back().name == wanted_name) {
    fail_at(name, "a task cannot follow itself, " + in_quotes(wanted_name));
  }
  for (std::size_t t = 0; t + 1 < tasks.size(); ++t) {
    if (tasks[t].name == wanted_name) {
      parent = t;
      return;
    }
  }
  for (const Json& task : document_["tasks"]) {
    if (task.is_object() && task.contains("name") && task["name"] == wanted_name) {
      fail_at(name, "task " + in_quotes(wanted_name) + " is listed later, parents are listed first");
    }
  }
  std::vector<std::string_view> names;
  for (const Task& task : tasks) names.push_back(task.name);
  names.pop_back();
  const std::string_view guess = nearest(wanted_name, names);
  fail_at(name, "there is no task " + in_quotes(wanted_name) +
                    (guess.empty() ? "" : "; did you mean " + in_quotes(guess) + "?"));
}

void Reader::read(std::string_view name, const Json& found, std::string& text) const {
  if (!found.is_string()) fail_value(name, found);
  const auto& value = found.get_ref<const std::string&>();
  const KeyKind kind = key(name).kind;
  const bool good = kind == KeyKind::name   ? is_name(value)
                    : kind == KeyKind::byte ? is_separator(value)
                                            : !value.empty();
  if (!good) fail_value(name, found);
  text = value;
}

void Reader::read(std::string_view name, const Json& found, bool& flag) const {
  if (key(name).kind == KeyKind::word) {
    flag = word_index(name, found) == 0;
    return;
  }
  if (!found.is_boolean()) fail_value(name, found);
  flag = found.get<bool>();
}

void Reader::read(std::string_view name, const Json& found, double& number) const {
  const Key& row = key(name);
  if (!found.is_number()) fail_value(name, found);
  const double value = found.get<double>();
  if (value > row.most && row.most == kLargest) {
    fail_at(name, "found " + shown(found) + ", want a number that a float can hold");
  }
  if (!(value >= row.least && value <= row.most)) fail_value(name, found);
  number = value;
}

void Reader::read(std::string_view name, const Json& found, std::uint64_t& whole) const {
  const Key& row = key(name);
  if (found.is_number_float() && found.get<double>() >= 0x1p64 && row.most == kAnyWhole) {
    fail(ErrorCode::memory,
         printable(source_) + ": " + path_of(name) + ": " + shown(found) + " is more than memory can hold",
         "make it smaller");
  }
  const bool good = found.is_number_unsigned() || (found.is_number_float() && is_whole(found.get<double>()));
  const auto value = good ? found.get<std::uint64_t>() : 0;
  const auto rounded = static_cast<double>(value);
  if (!good || rounded < row.least || rounded > row.most) fail_value(name, found);
  whole = value;
}

void Reader::read(std::string_view name, const Json& found, std::vector<std::size_t>& wholes) const {
  if (!found.is_array()) fail_value(name, found);
  wholes.clear();
  for (const Json& element : found) {
    std::uint64_t whole = 0;
    if (!element.is_number()) fail_value(name, element);
    read(name, element, whole);
    wholes.push_back(whole);
  }
}

std::size_t Reader::word_index(std::string_view name, const Json& found) const {
  if (!found.is_string()) fail_value(name, found);
  const std::string_view wanted_word = found.get_ref<const std::string&>();
  const std::vector<std::string_view> words = words_of(key(name));
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == wanted_word) return i;
  }
  fail_value(name, found);
}

void Reader::check_known() const {
  for (const auto& [name, unused] : node_.items()) {
    if (find_key(pattern_of(name)) != nullptr) continue;
    const std::vector<std::string_view> known = keys_below(pattern_);
    std::string_view guess = nearest(name, known);
    for (const Key& row : kKeys) {
      if (guess.empty() && row.path.ends_with("." + name)) guess = row.path;
    }
    std::string list;
    for (std::string_view one : known) list += (list.empty() ? "" : ", ") + std::string(one);
    fail(ErrorCode::usage,
         printable(source_) + ": unknown key " + in_quotes(path_of(name)) +
             (guess.empty() ? "" : "; did you mean " + in_quotes(guess) + "?"),
         "known here: " + list);
  }
}

void Reader::check_applies() const {
  for (const auto& [name, unused] : node_.items()) {
    if (asked_.contains(name)) continue;
    fail(ErrorCode::usage,
         printable(source_) + ": " + path_of(name) + ": does not apply here, only to " +
             std::string(key(name).applies),
         "leave it out");
  }
}

}  // namespace dcrnn
