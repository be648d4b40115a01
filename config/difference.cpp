#include "config/difference.hpp"

#include "config/json_text.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn {

namespace {

std::string text(const Json& value) {
  return printable(value.dump());
}

std::string difference(const Json& there, const Json& now, const std::string& path) {
  const auto at = [&path](const std::string& step) {
    return (path.empty() ? std::string() : path + ".") + printable(step);
  };
  if (there.is_object() && now.is_object()) {
    for (const auto& [key, value] : there.members()) {
      const Json* other = now.find(key);
      if (other == nullptr) return at(key) + ": " + text(value) + " there, nothing now";
      if (std::string found = difference(value, *other, at(key)); !found.empty()) return found;
    }
    for (const auto& [key, value] : now.members()) {
      if (there.find(key) == nullptr) return at(key) + ": nothing there, " + text(value) + " now";
    }
    return {};
  }
  if (there.is_list() && now.is_list() && there.list().size() == now.list().size()) {
    for (std::size_t i = 0; i < there.list().size(); ++i) {
      std::string found = difference(there.list()[i], now.list()[i], path + "[" + std::to_string(i) + "]");
      if (!found.empty()) return found;
    }
    return {};
  }
  return there == now ? std::string() : path + ": " + text(there) + " there, " + text(now) + " now";
}

}  // namespace

std::string first_difference(const std::string& there, const std::string& now) {
  try {
    return difference(parse_json_text(there, "config"), parse_json_text(now, "config"), "");
  } catch (const Failure& failure) {
    return failure.error().message;
  }
}

}  // namespace dcrnn
