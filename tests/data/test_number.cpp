#include <cmath>
#include <limits>

#include "data/number.hpp"
#include "support.hpp"

namespace dcrnn::data {
namespace {

TEST_CASE("number: what is read") {
  const std::vector<std::pair<std::string, double>> cases = {
      {"0", 0},
      {"-0", 0},
      {"1.5", 1.5},
      {"-2e3", -2000},
      {".5", 0.5},
      {"5.", 5},
      {"1E-2", 0.01},
      {"0.1", 0.1},
      {"1e-400", 0},
      {"4.9e-324", 4.9e-324},
      {"1.7976931348623157e308", 1.7976931348623157e308},
      {"123456789012345678901234567890", 123456789012345678901234567890.}};
  for (const auto& [cell, wanted] : cases) {
    double value = -1;
    CHECK(parse_number(cell, value) == "");
    CHECK(value == wanted);
  }
}

TEST_CASE("number: what is refused") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "empty"},
      {"1.2.3", "\"1.2.3\" is not a number"},
      {"1e400", "\"1e400\" is out of range for a number"},
      {"-1e400", "\"-1e400\" is out of range for a number"},
      {"nan", "\"nan\" is not a finite number"},
      {"-NaN", "is not a finite number"},
      {"inf", "\"inf\" is not a finite number"},
      {"-Infinity", "is not a finite number"},
      {"0x10", "is not a number"},
      {"+1", "is not a number"},
      {" 1", "is not a number"},
      {"1 ", "is not a number"},
      {"1,5", "is not a number"},
      {"NA", "is not a number"},
      {"-", "is not a number"},
      {"e5", "is not a number"},
      {"1e", "is not a number"},
      {"1_000", "is not a number"},
      {"a\nb", "\"a\\nb\" is not a number"},
  };
  for (const auto& [cell, what] : cases) {
    double value;
    const std::string error = parse_number(cell, value);
    INFO(error);
    CHECK(contains(error, what));
  }
  double value;
  CHECK(parse_number(std::string(5000, 'x'), value).size() < 200);
}

TEST_CASE("number: ids") {
  std::uint32_t id = 0;
  CHECK(parse_id("0", 1, id) == "");
  CHECK(id == 0);
  CHECK(parse_id("007", 8, id) == "");
  CHECK(id == 7);
  CHECK(parse_id("4294967295", std::size_t{1} << 32, id) == "");
  CHECK(id == 4294967295);
  for (const char* cell : {"8", "99999999999999999999999"}) {
    CHECK(contains(parse_id(cell, 8, id), "is not smaller than the size of the table, 8"));
  }
  for (const char* cell : {"-1", "1.0", "+1", " 1", "1 ", "x", "0x1"}) {
    CHECK(contains(parse_id(cell, 8, id), "is not an id"));
  }
  CHECK(contains(parse_id("", 8, id), "empty"));
}

}  // namespace
}  // namespace dcrnn::data
