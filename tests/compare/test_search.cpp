// The settings that a search tries.
#include "compare/search.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace dcrnn;

namespace {

std::vector<compare::Setting> settings(const char* row, const char* train) {
  const std::string config = std::string(R"({"fields": [{"name": "a", "type": "category", "dim": 4}],
    "tasks": [{"name": "x"}, {"name": "y"}], "train": )") +
                             train + "}";
  Result<compare::Row> made = compare::make_row(row, config, "config");
  REQUIRE(made.ok());
  auto all = compare::settings(*made, 20, "config");
  REQUIRE(all.ok());
  return *all;
}

}  // namespace

TEST_CASE("all rows try the same settings, which say what they change") {
  const auto hard =
      settings("hard", R"({"optimizer": {"rate": 0.01}, "tables": {"rate": 0.5}, "batch": 100})");
  const auto own =
      settings("independent", R"({"optimizer": {"rate": 0.01}, "tables": {"rate": 0.5}, "batch": 100})");
  REQUIRE(hard.size() == 21);
  CHECK(hard[0].says == "the config's");
  for (std::size_t i = 1; i < hard.size(); ++i) {
    CHECK(hard[i].says == own[i].says);
    REQUIRE(own[i].row.configs.size() == 2);
    for (const std::string& text : {hard[i].row.configs[0], own[i].row.configs[0], own[i].row.configs[1]}) {
      const auto train = nlohmann::json::parse(text)["train"];
      std::string says;
      const auto say = [&](const std::string& key, double number) {
        std::string digits = nlohmann::json(number).dump();
        if (digits.ends_with(".0")) digits.resize(digits.size() - 2);
        says += (says.empty() ? "" : ", ") + key + digits;
      };
      say("train.optimizer.rate x ", train["optimizer"]["rate"].get<double>() / 0.01);
      say("train.tables.rate x ", train["tables"]["rate"].get<double>() / 0.5);
      say("train.batch x ", train["batch"].get<double>() / 100);
      say("train.dropout.sharing and .tower ", train["dropout"]["sharing"].get<double>());
      CHECK(train["dropout"]["sharing"] == train["dropout"]["tower"]);
      CHECK(hard[i].says.starts_with(says));
    }
  }
}

TEST_CASE("a setting says nothing of a key that the config has not") {
  for (const compare::Setting& setting : settings("hard", R"({"optimizer": {"rate": 0.01}})")) {
    CHECK(setting.says.find("tables") == std::string::npos);
  }
}
