// Rows of one size: what the widths come to is counted here from the shapes of docs, not by the library.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "compare/widths.hpp"

using namespace dcrnn;
using compare::Equal;

namespace {

const char* const kConfig = R"({
  "fields": [{"name": "a", "type": "category", "dim": 24}, {"name": "b", "type": "number"}],
  "tasks": [{"name": "x"}, {"name": "y", "after": "x"}],
  "sharing": [{"shared": 60, "private": 30}], "tower": [16]})";

double size(const compare::Row& row, Equal equal) {
  const Result<double> size = compare::size_of(row, equal, "config");
  REQUIRE(size.ok());
  return *size;
}

compare::Row row(const char* name, const char* config = kConfig) {
  Result<compare::Row> made = compare::make_row(name, config, "config");
  REQUIRE(made.ok());
  return *made;
}

}  // namespace

TEST_CASE("the size of a row is that of its dense parameters") {
  // D = 25; block 60 units of 25 + bias; two towers 60 -> 16 -> 1.
  const double hard = 60 * 26 + 2 * (16 * 61 + 17);
  CHECK(size(row("hard", R"({
    "fields": [{"name": "a", "type": "category", "dim": 24}, {"name": "b", "type": "number"}],
    "tasks": [{"name": "x"}, {"name": "y"}],
    "sharing": [{"shared": 40, "private": 20}], "tower": [16]})"),
             Equal::parameters) == hard);
}

TEST_CASE("every row but linear is brought to the size of dcrnn") {
  for (const Equal equal : {Equal::parameters, Equal::flops}) {
    const double target = size(row("dcrnn"), equal);
    for (const std::string& name : compare::row_names()) {
      CAPTURE(name);
      compare::Row made = row(name.c_str());
      const Result<bool> same = compare::make_equal(made, equal, target, "config");
      REQUIRE(same.ok());
      CHECK(*same == (name != "linear"));
      CHECK((std::abs(size(made, equal) - target) <= 0.02 * target) == *same);
    }
  }
}

TEST_CASE("without blocks the towers are scaled, and a row too large stays") {
  const char* const towers = R"({
    "fields": [{"name": "a", "type": "category", "dim": 24}],
    "tasks": [{"name": "x"}], "sharing": [], "tower": [32, 16]})";
  compare::Row hard = row("hard", towers);
  const Result<bool> same =
      compare::make_equal(hard, Equal::parameters, 4 * size(hard, Equal::parameters), "config");
  REQUIRE(same.ok());
  CHECK(*same);
  CHECK(nlohmann::json::parse(hard.configs[0])["tower"][0] > 32);

  compare::Row crossed = row("dcn_v2+hard");
  const compare::Row before = crossed;
  const Result<bool> none = compare::make_equal(crossed, Equal::parameters, 100, "config");
  REQUIRE(none.ok());
  CHECK_FALSE(*none);
  CHECK(crossed.configs == before.configs);
}
