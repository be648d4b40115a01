#include "train/earlier.hpp"

#include "config/json_text.hpp"

namespace dcrnn {

std::string with_defaults_of_0_1_0(std::string_view json, const std::string& source) {
  nlohmann::json document = parse_json_text(json, source);
  nlohmann::json& train = document["train"];
  train.emplace("optimizer", nlohmann::json::object());  // whoever names it gets those of its other keys
  train["early_stopping"].emplace("patience", 0);
  return document.dump();
}

}  // namespace dcrnn
