#include "config/reader.hpp"

#include <algorithm>
#include <cmath>

#include "config/json_text.hpp"
#include "config/rules.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

/// A single byte, as the document is UTF-8, that can separate or enclose.
bool is_mark(std::string_view text) {
  return text.size() == 1 && text[0] != '\r' && text[0] != '\n' && text[0] != '\0';
}

/// 1e5 and 8.0 are whole numbers, too.
bool is_whole(double value) {
  return value >= 0 && value < 0x1p64 && std::floor(value) == value;
}

}  // namespace

Reader::Reader(const Json& document, const std::string& source, KeyList keys)
    : node_(document), source_(source), all_keys_(keys), keys_(keys) {
  if (!node_.is_object()) {
    fail(ErrorCode::usage, printable(source_) + ": found " + shown(node_) + ", want an object",
         "a config is {\"fields\": [...], \"tasks\": [...], ...}");
  }
}

Reader::Reader(const Reader& parent, const Json& node, const Key& key, std::string path)
    : node_(node),
      source_(parent.source_),
      all_keys_(parent.all_keys_),
      keys_(key.below),
      kinds_(key.kinds),
      path_(std::move(path)) {
  if (!node_.is_object()) {
    fail(ErrorCode::usage, printable(source_) + ": " + path_ + ": found " + shown(node_) + ", want an object",
         std::string(key.name) + ": " + std::string(key.doc));
  }
}

Reader::Reader(const Reader& parent, const Json& node, const Key& key)
    : Reader(parent, node, key, parent.path_of(key.name)) {}

Reader::Reader(const Reader& parent, const Json& list, std::size_t index, const Key& key)
    : Reader(parent, list.list()[index], key, parent.path_of(key.name) + "[" + std::to_string(index) + "]") {
  list_ = &list.list();
  index_ = index;
}

std::string Reader::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

const Key& Reader::key(std::string_view name) const {
  const Key* found = own_keys_.find(name);
  if (found == nullptr) found = keys_.find(name);
  if (found == nullptr) fail(ErrorCode::internal, "config key " + path_of(name) + " is not in the lists");
  return *found;
}

std::size_t Reader::choose_kind() {
  const Json* found = find("kind");
  const std::size_t index = found == nullptr ? 0 : word_index("kind", *found);
  own_keys_ = kinds_[index].keys;
  return index;
}

const Json* Reader::find(std::string_view name) {
  asked_.emplace(name);
  if (const Json* found = node_.find(name)) return found;
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

void Reader::optional(std::string_view name, std::optional<std::vector<std::string>>& words) {
  const Json* found = find(name);
  if (found != nullptr && !found->is_null()) read(name, *found, words.emplace());
}

void Reader::earlier(std::string_view name, const std::string& noun, std::size_t& index) {
  std::string wanted_name;
  optional(name, wanted_name);
  if (wanted_name.empty()) return;
  const auto is_wanted = [&](const Json& element) {
    const Json* its_name = element.is_object() ? element.find("name") : nullptr;
    return its_name != nullptr && *its_name == Json(wanted_name);
  };
  if (is_wanted(node_)) {
    fail_at(name, "a " + noun + " cannot follow itself, " + in_quotes(wanted_name));
  }
  const auto found = std::find_if(list_->begin(), list_->end(), is_wanted);
  const auto place = static_cast<std::size_t>(found - list_->begin());
  if (place < index_) {
    index = place;
    return;
  }
  if (found != list_->end()) {
    fail_at(name, noun + " " + in_quotes(wanted_name) + " is listed later, parents are listed first");
  }
  std::vector<std::string_view> names;  // of the elements before this one: they have been read
  for (std::size_t i = 0; i < index_; ++i) names.push_back((*list_)[i].find("name")->text());
  const std::string_view guess = nearest(wanted_name, names);
  fail_at(name, "there is no " + noun + " " + in_quotes(wanted_name) +
                    (guess.empty() ? "" : "; did you mean " + in_quotes(guess) + "?"));
}

Json Reader::in_full(const Key& key, const Json& found) {
  if (!found.is_number() || key.number_for.empty()) return found;
  Json node = Json::object();
  for (std::string_view member : split_words(key.number_for)) node[member] = found;
  return node;
}

void Reader::read(std::string_view name, const Json& found, std::string& text) const {
  if (!found.is_string()) fail_value(name, found);
  const auto& value = found.text();
  const KeyKind kind = key(name).kind;
  const bool good = kind == KeyKind::name   ? is_name(value)
                    : kind == KeyKind::byte ? is_mark(value)
                    : kind == KeyKind::mark ? is_mark(value) || (value.empty() && key(name).least == 0)
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
  flag = found.flag();
}

void Reader::read(std::string_view name, const Json& found, double& number) const {
  const Key& row = key(name);
  if (!found.is_number()) fail_value(name, found);
  const double value = found.number();
  if (value > row.most && row.most == kLargest) {
    fail_at(name, "found " + shown(found) + ", want a number that a float can hold");
  }
  if (!(value >= row.least && value <= row.most)) fail_value(name, found);
  number = value;
}

void Reader::read(std::string_view name, const Json& found, std::uint64_t& whole) const {
  const Key& row = key(name);
  if (found.is_number_float() && found.number() >= 0x1p64 && row.most == kAnyWhole) {
    fail(ErrorCode::memory,
         printable(source_) + ": " + path_of(name) + ": " + shown(found) + " is more than memory can hold",
         "make it smaller");
  }
  const bool good = found.is_number_unsigned() || (found.is_number_float() && is_whole(found.number()));
  const auto value = good ? found.whole() : 0;
  const auto rounded = static_cast<double>(value);
  if (!good || rounded < row.least || rounded > row.most) fail_value(name, found);
  whole = value;
}

void Reader::read(std::string_view name, const Json& found, std::vector<std::size_t>& wholes) const {
  if (!found.is_list()) fail_value(name, found);
  wholes.clear();
  for (const Json& element : found.list()) {
    std::uint64_t whole = 0;
    if (!element.is_number()) fail_value(name, element);
    read(name, element, whole);
    wholes.push_back(whole);
  }
}

void Reader::read(std::string_view name, const Json& found, std::vector<std::string>& words) const {
  words.clear();
  const bool names = key(name).kind == KeyKind::names;
  if (names && found.is_boolean() && found.flag()) return;
  if (!found.is_list() || (names && found.list().empty())) fail_value(name, found);
  for (const Json& element : found.list()) {
    if (!element.is_string()) fail_value(name, element);
    words.push_back(element.text());
  }
}

std::size_t Reader::word_index(std::string_view name, const Json& found) const {
  if (!found.is_string()) fail_value(name, found);
  const std::string_view wanted_word = found.text();
  const std::vector<std::string_view> words = split_words(key(name).words);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == wanted_word) return i;
  }
  fail_value(name, found);
}

void Reader::check_known() const {
  for (const Json::Member& member : node_.members()) {
    const std::string& name = member.key;
    if (own_keys_.find(name) != nullptr || keys_.find(name) != nullptr) continue;
    std::string kinds;  // that have this key
    for (const KindKeys& kind : kinds_) {
      if (kind.keys.find(name) != nullptr) kinds += (kinds.empty() ? "" : " or ") + std::string(kind.word);
    }
    if (!kinds.empty()) fail_inapplicable(name, "kind " + kinds);
    std::vector<std::string_view> known = keys_.names();
    for (std::string_view one : own_keys_.names()) known.push_back(one);
    std::string guess(nearest(name, known));
    visit_keys(all_keys_, [&](const std::string& path, const Key&, std::string_view) {
      if (guess.empty() && path.ends_with("." + name)) guess = path;
    });
    std::string list;
    for (std::string_view one : known) list += (list.empty() ? "" : ", ") + std::string(one);
    fail(ErrorCode::usage,
         printable(source_) + ": unknown key " + in_quotes(path_of(name)) +
             (guess.empty() ? "" : "; did you mean " + in_quotes(guess) + "?"),
         "known here: " + list);
  }
}

void Reader::check_applies() const {
  for (const auto& [name, unused] : node_.members()) {
    if (!asked_.contains(name)) fail_inapplicable(name, std::string(key(name).applies));
  }
}

void Reader::fail_inapplicable(std::string_view name, const std::string& where) const {
  fail(ErrorCode::usage,
       printable(source_) + ": " + path_of(name) + ": does not apply here, only to " + where, "leave it out");
}

}  // namespace dcrnn
