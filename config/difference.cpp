#include "config/difference.hpp"

#include <nlohmann/json.hpp>

namespace dcrnn {

namespace {

using Json = nlohmann::ordered_json;

std::string difference(const Json& there, const Json& now, const std::string& path) {
  const auto at = [&path](const std::string& step) { return path.empty() ? step : path + "." + step; };
  if (there.is_object() && now.is_object()) {
    for (const auto& [key, value] : there.items()) {
      if (!now.contains(key)) return at(key) + ": " + value.dump() + " there, nothing now";
      if (std::string found = difference(value, now[key], at(key)); !found.empty()) return found;
    }
    for (const auto& [key, value] : now.items()) {
      if (!there.contains(key)) return at(key) + ": nothing there, " + value.dump() + " now";
    }
    return {};
  }
  if (there.is_array() && now.is_array() && there.size() == now.size()) {
    for (std::size_t i = 0; i < there.size(); ++i) {
      std::string found = difference(there[i], now[i], path + "[" + std::to_string(i) + "]");
      if (!found.empty()) return found;
    }
    return {};
  }
  return there == now ? std::string() : path + ": " + there.dump() + " there, " + now.dump() + " now";
}

}  // namespace

std::string first_difference(const std::string& there, const std::string& now) {
  return difference(Json::parse(there, nullptr, /*allow_exceptions=*/false), Json::parse(now), "");
}

}  // namespace dcrnn
