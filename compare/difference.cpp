#include "compare/difference.hpp"

#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace dcrnn::compare {
namespace {

using Json = nlohmann::ordered_json;

std::string text(const Json* value) {
  return value == nullptr ? "nothing" : printable(value->dump(), 60);
}

std::string difference(const Json* there, const Json* here, const std::string& place) {
  if (there != nullptr && here != nullptr && there->is_object() && here->is_object()) {
    Json all = *there;
    all.update(*here);
    for (const auto& item : all.items()) {
      const auto a = there->find(item.key()), b = here->find(item.key());
      std::string found = difference(a == there->end() ? nullptr : &*a, b == here->end() ? nullptr : &*b,
                                     (place.empty() ? "" : place + ".") + printable(item.key()));
      if (!found.empty()) return found;
    }
    return {};
  }
  if (there != nullptr && here != nullptr && there->is_array() && here->is_array() &&
      there->size() == here->size()) {
    for (std::size_t i = 0; i < there->size(); ++i) {
      std::string found = difference(&(*there)[i], &(*here)[i], place + "[" + std::to_string(i) + "]");
      if (!found.empty()) return found;
    }
    return {};
  }
  if (there != nullptr && here != nullptr && *there == *here) return {};
  return (place.empty() ? "" : place + ": ") + text(there) + " there, " + text(here) + " here";
}

}  // namespace

std::string first_difference(std::string_view there, std::string_view here) {
  const Json a = Json::parse(there, nullptr, false), b = Json::parse(here, nullptr, false);
  if (a.is_discarded() || b.is_discarded()) return there == here ? "" : "not what this program writes";
  return difference(&a, &b, "");
}

}  // namespace dcrnn::compare
