// Base rates counted by hand, and the heads that start at them.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "model/parameters.hpp"
#include "tests/failure_of.hpp"
#include "train/base_rates.hpp"
#include "train/config.hpp"
#include "train/trainable.hpp"

namespace dcrnn::train {

namespace {

/// Rows of three tasks: click, consume after click, like.
struct Labels : BatchSource {
  struct Row {
    std::int8_t click, consume, like;
    double weight;
  };
  explicit Labels(std::vector<Row> of) : all(std::move(of)) {}

  std::size_t rows() const override { return all.size(); }
  void read(const std::size_t* index, std::size_t count, Batch& batch) override {
    batch.rows = count;
    batch.labels.assign(3, {});
    batch.weights.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const Row& row = all[index[i]];
      batch.labels[0].push_back(row.click);
      batch.labels[1].push_back(row.consume);
      batch.labels[2].push_back(row.like);
      batch.weights.push_back(row.weight);
    }
  }

  std::vector<Row> all;
};

Config config_with(const std::string& further) {
  return parse_config(R"({"fields": [{"name": "a", "type": "category", "encoding": "id", "size": 3}],
      "tasks": [{"name": "click"}, {"name": "consume", "after": "click"}, {"name": "like"}], "weight": "w")" +
                          further + "}",
                      "c.json");
}

constexpr auto kGoOn = [](std::uint64_t) { return true; };
constexpr std::int8_t kNone = kMissingLabel;

}  // namespace

TEST_CASE("a base rate is the weighted share of positives; after another task, among that task's positives") {
  Labels labels({{1, 1, 0, 2},
                 {1, 0, 0, 3},
                 {0, 1, 0, 5},      // not among the positives of its parent
                 {kNone, 1, 0, 7},  // nor known to be
                 {1, kNone, kNone, 11}});
  const Config chain = config_with("");
  const auto rates = count_base_rates(chain.model, labels, kGoOn);
  REQUIRE(rates.size() == 3);
  CHECK(*rates[0] == 16.0 / 21);
  CHECK(*rates[1] == 2.0 / 5);
  CHECK(*rates[2] == 0);

  const Config independent = config_with(R"(, "probability": "independent")");
  CHECK(*count_base_rates(independent.model, labels, kGoOn)[1] == 14.0 / 17);
}

TEST_CASE("heads stand at the logit of their rate, held within a millionth of 0 and 1") {
  const Config config = config_with("");
  const std::vector<std::size_t> rows = {3};
  const model::ParameterTable table(config.model, rows);
  std::vector<float> parameters(table.total(), 7.0F);
  const std::vector<std::optional<double>> rates = {0.02, std::nullopt, 0.0};
  start_heads(config.model.tasks, rates, table, parameters);
  const auto value = [&](const char* name) { return parameters[table.find(name)->offset]; };
  CHECK(value("head.click.bias") == static_cast<float>(std::log(0.02 / 0.98)));
  CHECK(value("head.consume.bias") == 0.0F);
  CHECK(value("head.like.bias") == doctest::Approx(std::log(1e-6 / (1 - 1e-6))));
  CHECK(value("head.click.weight") == 7.0F);
}

TEST_CASE("no rows that count, weights beyond any sum, a wish to stop") {
  const Config config = config_with("");
  Labels none({{kNone, 1, 1, 0}});
  for (const auto& rate : count_base_rates(config.model, none, kGoOn)) CHECK_FALSE(rate);
  const double huge = std::numeric_limits<double>::max();
  Labels heavy({{1, 1, 1, huge}, {0, 0, 0, huge}});
  CHECK(test::failure_of([&] { count_base_rates(config.model, heavy, kGoOn); }).code == ErrorCode::data);
  const auto stop = [](std::uint64_t) { return false; };
  CHECK(test::failure_of([&] { count_base_rates(config.model, none, stop); }).code == ErrorCode::stopped);
}

TEST_CASE("what can never learn is refused, what can is not") {
  const auto with_scale = [](const std::string& scale, const std::string& further) {
    return config_with(R"(, "train": {"init_scale": )" + scale + "}" + further);
  };
  const auto refused = [](const Config& config) {
    try {
      check_trainable(config, "c.json");
      return false;
    } catch (const Failure& failure) {
      CHECK(failure.error().code == ErrorCode::usage);
      CHECK(failure.error().message.find("c.json: train.init_scale") == 0);
      return true;
    }
  };
  CHECK(refused(with_scale("0", "")));
  CHECK(refused(with_scale("1e-60", "")));  // 0 as a float
  CHECK(refused(with_scale("0", R"(, "sharing": [])")));
  CHECK_FALSE(refused(with_scale("1e-6", "")));
  CHECK_FALSE(refused(with_scale("0", R"(, "sharing": [], "tower": [])")));  // the heads reach x0
  Config with_number = with_scale("0", "");
  with_number.model.fields.emplace_back().type = FieldType::number;
  CHECK_FALSE(refused(with_number));
}

}  // namespace dcrnn::train
