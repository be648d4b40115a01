// The C functions: they agree with the C++ ones, and forgive every NULL.
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstring>

#include "dcrnn/dcrnn.h"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn::test;

namespace {

/// The same rows for the C API.
struct CRows {
  explicit CRows(const SmallTable& table) {
    const dcrnn::Rows from = table.rows();
    for (const dcrnn::Column& c : from.columns) {
      columns.push_back({c.field.data(), c.ids.empty() ? nullptr : c.ids.data(),
                         c.offsets.empty() ? nullptr : c.offsets.data(),
                         c.numbers.empty() ? nullptr : c.numbers.data(), nullptr});
    }
    for (const dcrnn::Labels& l : from.labels) labels.push_back({l.task.data(), l.values.data()});
    rows = {from.count, columns.data(), columns.size(), labels.data(), labels.size(), nullptr};
  }
  CRows(const CRows&) = delete;
  CRows& operator=(const CRows&) = delete;

  std::vector<dcrnn_column> columns;
  std::vector<dcrnn_labels> labels;
  dcrnn_rows rows;
};

}  // namespace

TEST_CASE("training and scoring from C give the bytes of C++") {
  std::string config = small_config();
  SUBCASE("one network") {}
  SUBCASE("members") {
    config.insert(config.size() - 1, ", \"members\": 2");
  }
  const ScratchDirectory scratch;
  const SmallTable table(64);
  CRows c(table);
  dcrnn_error error;
  dcrnn_model* model = nullptr;
  REQUIRE(dcrnn_model_create(config.c_str(), &model, &error) == DCRNN_OK);
  CHECK(error.message[0] == '\0');
  CHECK(dcrnn_model_task_count(model) == 2);
  CHECK(std::string(dcrnn_model_task_name(model, 1)) == "consume");
  CHECK(dcrnn_model_task_name(model, 2) == nullptr);
  dcrnn_trainer* trainer = nullptr;
  REQUIRE(dcrnn_trainer_create(model, 10, 1, "auto", &trainer, &error) == DCRNN_OK);
  double loss = 0;
  for (int i = 0; i < 10; ++i) REQUIRE(dcrnn_trainer_step(trainer, &c.rows, &loss, &error) == DCRNN_OK);
  dcrnn_trainer_free(trainer);
  REQUIRE(dcrnn_model_save(model, scratch.file("m").c_str(), &error) == DCRNN_OK);
  dcrnn_model_free(model);
  REQUIRE(dcrnn_model_load(scratch.file("m").c_str(), &model, &error) == DCRNN_OK);
  dcrnn_scorer* scorer = nullptr;
  REQUIRE(dcrnn_scorer_create(model, 2, nullptr, &scorer, &error) == DCRNN_OK);
  std::vector<float> p(128), logits(128);
  c.rows.labels = nullptr;
  c.rows.label_count = 0;
  REQUIRE(dcrnn_scorer_score(scorer, &c.rows, p.data(), logits.data(), nullptr) == DCRNN_OK);

  auto expected = dcrnn::Model::create(config);
  auto steps = dcrnn::Trainer::create(*expected, 10);
  double expected_loss = 0;
  for (int i = 0; i < 10; ++i) expected_loss = steps->step(table.rows())->loss;
  CHECK(loss == expected_loss);
  REQUIRE(expected->save(scratch.file("expected")).ok());
  CHECK(read_text(scratch.file("m")) == read_text(scratch.file("expected")));
  auto same = dcrnn::Scorer::create(*expected);
  std::vector<float> q(128), q_logits(128);
  REQUIRE(same->score(table.rows(), q, q_logits).ok());
  CHECK(p == q);
  CHECK(logits == q_logits);

  // Errors arrive with message and help, cut to fit.
  c.columns[0].field = "nobody";
  CHECK(dcrnn_scorer_score(scorer, &c.rows, p.data(), nullptr, &error) == DCRNN_DATA);
  CHECK(contains(error.message, "\"nobody\""));
  CHECK(std::strlen(error.help) > 0);
  std::vector<const char*> text(64, "1");
  c.columns[0] = {"user", nullptr, nullptr, nullptr, text.data()};
  CHECK(dcrnn_scorer_score(scorer, &c.rows, p.data(), nullptr, &error) == DCRNN_OK);
  CHECK(error.message[0] == '\0');
  text[3] = nullptr;
  CHECK(dcrnn_scorer_score(scorer, &c.rows, p.data(), nullptr, &error) == DCRNN_USAGE);
  c.columns[0].field = nullptr;
  CHECK(dcrnn_scorer_score(scorer, &c.rows, p.data(), nullptr, &error) == DCRNN_USAGE);
  c.rows.columns = nullptr;
  CHECK(dcrnn_scorer_score(scorer, &c.rows, p.data(), nullptr, &error) == DCRNN_USAGE);
  c.rows.count = static_cast<size_t>(-1);
  CHECK(dcrnn_scorer_score(scorer, &c.rows, p.data(), nullptr, &error) == DCRNN_MEMORY);

  CHECK(dcrnn_scorer_score(nullptr, &c.rows, p.data(), nullptr, &error) == DCRNN_USAGE);
  CHECK(dcrnn_scorer_score(scorer, nullptr, p.data(), nullptr, &error) == DCRNN_USAGE);
  CHECK(dcrnn_scorer_score(scorer, &c.rows, nullptr, nullptr, &error) == DCRNN_USAGE);
  dcrnn_scorer_free(scorer);
  CHECK(dcrnn_scorer_create(model, -1, nullptr, &scorer, &error) == DCRNN_USAGE);
  CHECK(scorer == nullptr);
  dcrnn_model_free(model);
}

TEST_CASE("a trainer told the base rates starts there, from C as from C++") {
  const SmallTable table(64);
  CRows c(table);
  dcrnn_error error;
  dcrnn_model* model = nullptr;
  REQUIRE(dcrnn_model_create(small_config().c_str(), &model, &error) == DCRNN_OK);
  const double rates[] = {0.02, 0.25};
  dcrnn_trainer* trainer = nullptr;
  REQUIRE(dcrnn_trainer_create_at_rates(model, rates, 10, 1, nullptr, &trainer, &error) == DCRNN_OK);
  double loss = 0;
  REQUIRE(dcrnn_trainer_step(trainer, &c.rows, &loss, &error) == DCRNN_OK);
  dcrnn_trainer_free(trainer);
  dcrnn_model_free(model);

  auto other = dcrnn::Model::create(small_config());
  auto made = dcrnn::Trainer::create(*other, rates, 10);
  REQUIRE(made.ok());
  const auto bias = [&](std::string_view name) {
    for (const dcrnn::ParameterView& parameter : other->parameters()) {
      if (parameter.name == name) return static_cast<double>(parameter.values[0]);
    }
    return 0.0;
  };
  CHECK(bias("head.click.bias") == doctest::Approx(std::log(0.02 / 0.98)));
  CHECK(bias("head.consume.bias") == doctest::Approx(std::log(0.25 / 0.75)));
  CHECK(made->step(table.rows())->loss == loss);

  const double half[] = {0.5, 0.5}, one[] = {0.5}, beyond[] = {0.5, 1.5}, nan[] = {std::nan(""), 0.5};
  CHECK(dcrnn::Trainer::create(*other, half).ok());
  CHECK(bias("head.click.bias") == 0);
  for (const std::span<const double> wrong : {std::span<const double>(one), {beyond}, {nan}}) {
    CHECK(dcrnn::Trainer::create(*other, wrong).error().code == dcrnn::ErrorCode::usage);
  }
  CHECK(dcrnn_trainer_create_at_rates(nullptr, rates, 0, 1, nullptr, &trainer, &error) == DCRNN_USAGE);
}

TEST_CASE("structs of version 0.1.0 lie as they did") {
  static_assert(sizeof(dcrnn_error) == 1536 && offsetof(dcrnn_error, help) == 1024);
  static_assert(sizeof(dcrnn_column) == 40 && offsetof(dcrnn_column, ids) == 8 &&
                offsetof(dcrnn_column, offsets) == 16 && offsetof(dcrnn_column, numbers) == 24 &&
                offsetof(dcrnn_column, text) == 32);
  static_assert(sizeof(dcrnn_labels) == 16 && offsetof(dcrnn_labels, values) == 8);
  static_assert(sizeof(dcrnn_rows) == 48 && offsetof(dcrnn_rows, columns) == 8 &&
                offsetof(dcrnn_rows, column_count) == 16 && offsetof(dcrnn_rows, labels) == 24 &&
                offsetof(dcrnn_rows, label_count) == 32 && offsetof(dcrnn_rows, weights) == 40);
  CHECK(int{DCRNN_STOPPED} == 130);
}

TEST_CASE("NULL is a usage error or nothing at all, never a crash") {
  dcrnn_error error;
  dcrnn_model* model = nullptr;
  CHECK(dcrnn_model_create(nullptr, &model, &error) == DCRNN_USAGE);
  CHECK(contains(error.message, "config_json is NULL"));
  CHECK(dcrnn_model_create("{}", nullptr, nullptr) == DCRNN_USAGE);
  CHECK(dcrnn_model_create("{}", &model, nullptr) == DCRNN_USAGE);
  CHECK(dcrnn_model_load(nullptr, &model, &error) == DCRNN_USAGE);
  CHECK(dcrnn_model_load("x", nullptr, &error) == DCRNN_USAGE);
  CHECK(dcrnn_model_load("/no/such/file", &model, &error) == DCRNN_IO);
  CHECK(dcrnn_model_save(nullptr, "x", &error) == DCRNN_USAGE);
  CHECK(dcrnn_model_task_count(nullptr) == 0);
  CHECK(dcrnn_model_task_name(nullptr, 0) == nullptr);
  dcrnn_scorer* scorer = nullptr;
  CHECK(dcrnn_scorer_create(nullptr, 1, nullptr, &scorer, &error) == DCRNN_USAGE);
  CHECK(dcrnn_scorer_create(nullptr, 1, nullptr, nullptr, &error) == DCRNN_USAGE);
  dcrnn_trainer* trainer = nullptr;
  CHECK(dcrnn_trainer_create(nullptr, 0, 1, nullptr, &trainer, &error) == DCRNN_USAGE);
  CHECK(dcrnn_trainer_step(nullptr, nullptr, nullptr, &error) == DCRNN_USAGE);
  dcrnn_model_free(nullptr);
  dcrnn_scorer_free(nullptr);
  dcrnn_trainer_free(nullptr);
  CHECK(std::string(dcrnn_version()) == dcrnn::version());
}
