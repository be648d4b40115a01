#include "config/keys.hpp"

#include <algorithm>
#include <charconv>

namespace dcrnn {
namespace {

std::string shortest(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr};
}

std::string range(const Key& key) {
  const bool bounded = key.most < kLargest;
  if (key.most == kAny64Bits) return " from 0 to 2^64 - 1";
  if (key.least == kAboveZero) return " greater than 0";
  if (key.most == kBelowOne) return " of at least " + shortest(key.least) + " and less than 1";
  if (bounded) return " from " + shortest(key.least) + " to " + shortest(key.most);
  return " of at least " + shortest(key.least);
}

using Visit = std::function<void(const std::string&, const Key&, std::string_view)>;

void visit_below(KeyList keys, const std::string& prefix, std::string_view kind, const Visit& visit) {
  for (const Key& key : keys) {
    const std::string path = prefix + std::string(key.name);
    const std::string below =
        path + (key.kind == KeyKind::list || key.kind == KeyKind::columns ? "[]." : ".");
    visit(path, key, kind);
    visit_below(key.below, below, kind, visit);
    for (const KindKeys& one : key.kinds) visit_below(one.keys, below, one.word, visit);
  }
}

}  // namespace

const Key* KeyList::find(std::string_view name) const {
  const Key* found = std::find_if(begin(), end(), [&](const Key& key) { return key.name == name; });
  return found == end() ? nullptr : found;
}

std::vector<std::string_view> KeyList::names() const {
  std::vector<std::string_view> names;
  for (const Key& key : *this) names.push_back(key.name);
  return names;
}

void visit_keys(KeyList keys, const Visit& visit) {
  visit_below(keys, "", "", visit);
}

std::vector<std::string_view> split_words(std::string_view words) {
  std::vector<std::string_view> list;
  for (std::size_t at = 0; at <= words.size();) {
    const std::size_t end = std::min(words.find('|', at), words.size());
    list.push_back(words.substr(at, end - at));
    at = end + 1;
  }
  return list;
}

std::string wanted(const Key& key) {
  switch (key.kind) {
    case KeyKind::boolean:
      return "true or false";
    case KeyKind::whole:
      if (key.least == key.most) return shortest(key.least);
      return "a whole number" + range(key);
    case KeyKind::number:
      return "a number" + range(key);
    case KeyKind::word: {
      std::string text;
      for (std::string_view word : split_words(key.words)) {
        text += (text.empty() ? "\"" : " or \"") + std::string(word) + '"';
      }
      return text;
    }
    case KeyKind::name:
      return "a name of letters, digits, _ and -";
    case KeyKind::column:
      return "the name of a column";
    case KeyKind::byte:
      return "one ASCII character other than a line end";
    case KeyKind::mark:
      return std::string("one ASCII character other than a line end") + (key.least == 0 ? ", or \"\"" : "");
    case KeyKind::words:
      return "a list of words";
    case KeyKind::names:
      return "true or a list of names";
    case KeyKind::whole_list:
      return "a list of whole numbers, each" + range(key);
    case KeyKind::object:
      return "an object";
    case KeyKind::list:
      return "a list of objects";
    case KeyKind::columns:
      return "a list of columns, each a name or an object";
  }
  return {};
}

}  // namespace dcrnn
