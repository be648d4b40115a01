#include "compare/search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "core/text.hpp"
#include "dcrnn/files.hpp"

namespace dcrnn::compare {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kSeed = 1;

/// A key, and what it may be: factors of what the config has, or values in its place.
struct Choice {
  const char* says;
  std::vector<const char*> keys;
  bool factors;
  std::vector<double> values;
};
const std::array<Choice, 5> kChoices = {{
    {"train.optimizer.rate", {"/train/optimizer/rate"}, true, {0.25, 0.5, 1, 2, 4}},
    {"train.tables.rate", {"/train/tables/rate"}, true, {0.25, 0.5, 1, 2, 4}},
    {"train.batch", {"/train/batch"}, true, {0.5, 1, 2}},
    {"train.dropout.sharing and .tower",
     {"/train/dropout/sharing", "/train/dropout/tower"},
     false,
     {0, 0.1, 0.2, 0.3, 0.4}},
    {"train.optimizer.weight_decay", {"/train/optimizer/weight_decay"}, false, {0, 1e-6, 1e-5, 1e-4}},
}};

/// False if the config has no such key: without tables of their own these have the rate of the others.
bool apply(Json& config, const Choice& choice, double value) {
  bool applied = false;
  for (const char* key : choice.keys) {
    const Json::json_pointer place(key);
    if (!config.contains(place)) continue;
    Json& found = config.at(place);
    if (!found.is_number()) continue;
    const double made = choice.factors ? found.get<double>() * value : value;
    if (found.is_number_unsigned() && choice.factors) {
      found = static_cast<std::size_t>(std::max(1.0, std::round(made)));
    } else {
      found = made;
    }
    applied = true;
  }
  return applied;
}

}  // namespace

Result<std::vector<Setting>> settings(const Row& row, std::size_t count, const std::string& config_name) {
  std::vector<Setting> made = {{"the config's", row}};
  if (count == 0) return made;
  std::vector<Json> effective;
  for (const std::string& config : row.configs) {
    const Result<NetworkInfo> info = inspect_config(config, config_name);
    if (!info) return info.error();
    effective.push_back(Json::parse(info->config_json));
  }
  std::mt19937_64 draw(kSeed);  // the same numbers everywhere
  for (std::size_t n = 0; n < count; ++n) {
    Setting setting{"", row};
    std::vector<Json> configs = effective;
    for (const Choice& choice : kChoices) {
      const double value = choice.values[draw() % choice.values.size()];
      bool applied = false;
      for (Json& config : configs) applied = apply(config, choice, value) || applied;
      if (!applied) continue;
      setting.says += (setting.says.empty() ? "" : ", ") + std::string(choice.says) +
                      (choice.factors ? " x " : " ") + number_text(value);
    }
    for (std::size_t i = 0; i < configs.size(); ++i) setting.row.configs[i] = configs[i].dump();
    made.push_back(std::move(setting));
  }
  return made;
}

}  // namespace dcrnn::compare
