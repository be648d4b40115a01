// Trainers that share a model.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "dcrnn/dcrnn.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

TEST_CASE("two trainers that take turns on one model do what one trainer does") {
  // Without state of their own or random numbers, it must not matter whose step it is.
  const std::string config =
      small_config(R"("dropout": 0, "optimizer": {"kind": "sgd", "rate": 0.1, "momentum": 0})");
  auto alone = Model::create(config), shared = Model::create(config);
  REQUIRE(alone.ok());
  REQUIRE(shared.ok());
  auto only = Trainer::create(*alone);
  auto first = Trainer::create(*shared), second = Trainer::create(*shared);
  REQUIRE(only.ok());
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  for (std::uint64_t step = 0; step < 8; ++step) {
    CAPTURE(step);
    const SmallTable table(64, step);
    // In turns, then twice the same one in a row.
    Trainer& next = step % 2 == 0 || step > 5 ? *first : *second;
    const auto want = only->step(table.rows()), got = next.step(table.rows());
    REQUIRE(want.ok());
    REQUIRE(got.ok());
    CHECK(got->loss == want->loss);
    CHECK(got->gradient_norm == want->gradient_norm);
  }
  const auto want = alone->parameters(), got = shared->parameters();
  for (std::size_t i = 0; i < want.size(); ++i) {
    CAPTURE(want[i].name);
    CHECK(std::equal(want[i].values.begin(), want[i].values.end(), got[i].values.begin()));
  }
}
