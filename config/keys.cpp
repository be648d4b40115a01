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

}  // namespace

const Key* find_key(std::string_view path) {
  for (const Key& key : kKeys) {
    if (key.path == path) return &key;
  }
  return nullptr;
}

std::vector<std::string_view> keys_below(std::string_view path) {
  std::vector<std::string_view> names;
  const std::string prefix = path.empty() ? "" : std::string(path) + ".";
  for (const Key& key : kKeys) {
    const std::string_view rest = key.path.starts_with(prefix) ? key.path.substr(prefix.size()) : "";
    if (!rest.empty() && rest.find('.') == std::string_view::npos) names.push_back(rest);
  }
  return names;
}

std::vector<std::string_view> words_of(const Key& key) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at <= key.words.size();) {
    const std::size_t end = std::min(key.words.find('|', at), key.words.size());
    words.push_back(key.words.substr(at, end - at));
    at = end + 1;
  }
  return words;
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
      for (std::string_view word : words_of(key)) {
        text += (text.empty() ? "\"" : " or \"") + std::string(word) + '"';
      }
      return text;
    }
    case KeyKind::name:
      return "a name of letters, digits, _ and -";
    case KeyKind::column:
      return "the name of a column";
    case KeyKind::byte:
      return "one ASCII character other than a quote, a comma or a line end";
    case KeyKind::whole_list:
      return "a list of whole numbers, each" + range(key);
    case KeyKind::object:
      return "an object";
    case KeyKind::list:
      return "a list of objects";
  }
  return {};
}

}  // namespace dcrnn
