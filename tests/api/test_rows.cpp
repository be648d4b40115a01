// Every way in which rows in memory can be wrong has a message of its own.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "tests/failure_of.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

constexpr std::size_t kRows = 20;

/// The error of one training step on a good table after `spoil`.
Error error_of(const std::function<void(SmallTable&)>& spoil) {
  auto model = Model::create(small_config());
  auto trainer = Trainer::create(*model);
  SmallTable table(kRows);
  REQUIRE(trainer->step(table.rows()).ok());
  spoil(table);
  const auto result = trainer->step(table.rows());
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == ErrorCode::data);
  CHECK_FALSE(result.error().help.empty());
  CHECK_FALSE(contains(result.error().message, "\n"));
  return result.error();
}

}  // namespace

TEST_CASE("columns") {
  CHECK(error_of([](SmallTable& t) { t.columns().pop_back(); }).message == "column \"x\": missing");
  const Error unknown = error_of([](SmallTable& t) { t.columns()[0].field = "usr"; });
  CHECK(unknown.message == "column \"usr\": the model reads no such column");
  CHECK(unknown.help == "did you mean \"user\"?");
  CHECK(error_of([](SmallTable& t) { t.columns().push_back(t.columns()[0]); }).message ==
        "column \"user\": given twice");
  CHECK(error_of([](SmallTable& t) { t.columns()[0].ids = t.columns()[0].ids.first(19); }).message ==
        "column \"user\": 19 values for 20 rows");
  CHECK(error_of([](SmallTable& t) { t.columns()[3].numbers = t.columns()[3].numbers.first(1); }).message ==
        "column \"x\": 1 values for 20 rows");
  CHECK(error_of([](SmallTable& t) { t.columns()[0].ids = {}; }).message ==
        "column \"user\": 0 values for 20 rows");
  CHECK(error_of([](SmallTable& t) { t.columns()[0].numbers = t.columns()[3].numbers; }).message ==
        "column \"user\": given in more than one form");
  const char* wrong_form = "given in a form that does not fit the field";
  CHECK(contains(error_of([](SmallTable& t) {
                   t.columns()[0] = Column::of_numbers("user", t.columns()[3].numbers);
                 }).message,
                 wrong_form));
  CHECK(contains(
      error_of([](SmallTable& t) { t.columns()[3] = Column::of_ids("x", t.columns()[0].ids); }).message,
      wrong_form));
  CHECK(contains(error_of([](SmallTable& t) { t.columns()[2].offsets = {}; }).message, wrong_form));
}

TEST_CASE("ids and bags") {
  std::vector<std::uint32_t> ids(kRows, 3);
  ids[17] = 50;
  CHECK(error_of([&](SmallTable& t) { t.columns()[0].ids = ids; }).message ==
        "column \"user\", row 17: id 50 is out of range: the table has 50 rows");
  ids[17] = std::numeric_limits<std::uint32_t>::max();
  CHECK(
      contains(error_of([&](SmallTable& t) { t.columns()[0].ids = ids; }).message, "row 17: id 4294967295"));

  std::vector<std::uint32_t> offsets(kRows + 1), items(5, 1);
  for (std::size_t b = 4; b <= kRows; ++b) offsets[b] = 5;  // row 3 holds all five
  items[2] = 12;
  const auto with_bags = [&](SmallTable& t) { t.columns()[2] = Column::of_bags("tags", offsets, items); };
  CHECK(error_of(with_bags).message ==
        "column \"tags\", row 3: id 12 is out of range: the table has 12 rows");
  items[2] = 0;
  offsets[7] = 4;
  CHECK(error_of(with_bags).message == "column \"tags\", row 6: the offsets fall from 5 to 4");
  offsets[7] = 5;
  offsets[0] = 1;
  CHECK(error_of(with_bags).message == "column \"tags\": offsets[0] is 1, want 0");
  offsets[0] = 0;
  offsets[kRows] = 6;
  CHECK(error_of(with_bags).message == "column \"tags\": the last offset is 6, but there are 5 ids");
  offsets.pop_back();
  CHECK(error_of(with_bags).message == "column \"tags\": 20 offsets for 20 rows");
}

TEST_CASE("numbers and text") {
  std::vector<double> numbers(kRows, 0.5);
  const auto with_numbers = [&](SmallTable& t) { t.columns()[3].numbers = numbers; };
  numbers[4] = NAN;
  CHECK(error_of(with_numbers).message == "column \"x\", row 4: the number is missing (NaN)");
  numbers[4] = -INFINITY;
  CHECK(error_of(with_numbers).message == "column \"x\", row 4: the number is infinite");

  std::vector<std::string_view> text(kRows, "1");
  text[9] = "1.2.3";
  CHECK(error_of([&](SmallTable& t) { t.columns()[3] = Column::of_text("x", text); }).message ==
        "column \"x\", row 9: \"1.2.3\" is not a number");
  CHECK(contains(error_of([&](SmallTable& t) { t.columns()[0] = Column::of_text("user", text); }).message,
                 "column \"user\", row 9: "));
  text[9] = "1||2";
  CHECK(contains(error_of([&](SmallTable& t) { t.columns()[2] = Column::of_text("tags", text); }).message,
                 "column \"tags\", row 9: "));
}

TEST_CASE("labels and weights") {
  std::vector<std::int8_t> labels(kRows, 1);
  labels[2] = 2;
  CHECK(error_of([&](SmallTable& t) { t.labels()[1].values = labels; }).message ==
        "column \"consume\", row 2: label 2, want 0, 1 or -1 (missing)");
  CHECK(error_of([](SmallTable& t) { t.labels().pop_back(); }).message ==
        "column \"consume\": no labels for this task");
  CHECK(error_of([](SmallTable& t) { t.labels()[1].task = "click"; }).message ==
        "column \"click\": labels given twice");
  CHECK(contains(error_of([](SmallTable& t) {
                   t.labels().push_back({"like", t.labels()[0].values});
                 }).message,
                 "\"like\""));
  CHECK(
      contains(error_of([](SmallTable& t) { t.labels()[0].values = t.labels()[0].values.first(3); }).message,
               "3 values for 20 rows"));

  auto weighted = Model::create(*set_config_value(small_config(), "weight=w"));
  REQUIRE(weighted.ok());
  auto trainer = Trainer::create(*weighted);
  REQUIRE(trainer.ok());
  const SmallTable table(kRows);
  Rows rows = table.rows();
  CHECK(contains(trainer->step(rows).error().message, "0 values for 20 rows"));
  std::vector<double> weights(kRows, 1.0);
  rows.weights = weights;
  CHECK(trainer->step(rows).ok());
  for (const double bad : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    weights[5] = bad;
    CHECK(contains(trainer->step(rows).error().message, "column \"w\", row 5: "));
  }
  auto plain = Model::create(small_config());
  auto plain_trainer = Trainer::create(*plain);
  CHECK(plain_trainer->step(rows).error().code == ErrorCode::data);
}

TEST_CASE("a step takes 1 to train.batch rows") {
  auto model = Model::create(small_config("\"batch\": 8"));
  auto trainer = Trainer::create(*model);
  REQUIRE(trainer.ok());
  CHECK(trainer->step(SmallTable(9).rows()).error().code == ErrorCode::data);
  CHECK(trainer->step(SmallTable(8).rows()).ok());
  CHECK(trainer->step(Rows{}).error().code == ErrorCode::data);
}

TEST_CASE("a bad step leaves the model as it was") {
  auto model = Model::create(small_config());
  auto trainer = Trainer::create(*model);
  SmallTable table(kRows);
  const auto all = [&] {
    std::vector<float> values;
    for (const ParameterView& p : model->parameters())
      values.insert(values.end(), p.values.begin(), p.values.end());
    return values;
  };
  const std::vector<float> before = all();
  table.columns()[0].ids = table.columns()[0].ids.first(3);
  CHECK_FALSE(trainer->step(table.rows()).ok());
  CHECK(all() == before);
  REQUIRE(trainer->step(SmallTable(kRows).rows()).ok());
  CHECK(all() != before);
}
