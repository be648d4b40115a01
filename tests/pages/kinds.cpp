// Prints the registered kinds of layers with their pages and examples, for the test that runs the pages.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "model/kinds.hpp"
#include "model/page_of.hpp"

int main() {
  using dcrnn::model::page_of;
  nlohmann::json all = nlohmann::json::array();
  const auto add = [&]<class Kind>(const char* role, nlohmann::json examples) {
    all.push_back({{"role", role},
                   {"word", std::string(Kind::kWord)},
                   {"page", page_of<Kind>()},
                   {"examples", std::move(examples)}});
  };
  const auto add_objects = [&]<class Kind>(const char* role) {
    nlohmann::json examples = nlohmann::json::array();
    for (const auto example : Kind::kExamples) examples.push_back(nlohmann::json::parse(example));
    add.template operator()<Kind>(role, std::move(examples));
  };
  dcrnn::model::Crosses::each([&]<class Kind>() { add_objects.template operator()<Kind>("cross"); });
  dcrnn::model::Sharings::each([&]<class Kind>() { add_objects.template operator()<Kind>("sharing"); });
  dcrnn::model::Transfers::each([&]<class Kind>() {
    add.template operator()<Kind>("transfer", nlohmann::json::array({std::string(Kind::kWord)}));
  });
  std::printf("%s\n", all.dump(1).c_str());
}
