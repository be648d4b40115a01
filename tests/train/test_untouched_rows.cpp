// Rows that training never touches: what they hold when the model is scored, and that training does not see
// it.
#include <doctest/doctest.h>

#include <vector>

#include "model/parameters.hpp"
#include "train/config.hpp"
#include "train/untouched_rows.hpp"

namespace dcrnn::train {

namespace {

/// Tables of width 1: a vocabulary of four rows, a bag over a hashed table of five.
struct Setting {
  Setting()
      : config(parse_config(R"({"fields": [{"name": "word", "type": "category", "dim": 1},
          {"name": "tags", "type": "bag", "encoding": "hash", "size": 5, "dim": 1}],
          "tasks": [{"name": "click"}, {"name": "like", "weight": 0}], "weight": "w", "cross": {"layers": 0},
          "sharing": [], "tower": []})",
                            "config")),
        rows({4, 5}),
        table(config.model, rows),
        survey(config.model, rows),
        parameters(table.total()) {
    for (std::size_t v = 0; v < 4; ++v) word(v) = static_cast<float>(v + 1);
    for (std::size_t v = 0; v < 5; ++v) tag(v) = static_cast<float>(10 * (v + 1));
  }
  float& word(std::size_t row) { return parameters[table.lookups()[0].offset + row]; }
  float& tag(std::size_t row) { return parameters[table.lookups()[1].offset + row]; }
  /// A row of the log; its bag holds `tags` alone.
  void add(std::uint32_t word, std::vector<std::uint32_t> tags, std::int8_t click, double weight = 1,
           std::int8_t like = 1) {
    Batch batch;
    batch.rows = 1;
    batch.columns.resize(2);
    batch.columns[0].ids = {word};
    batch.columns[1].offsets = {0, static_cast<std::uint32_t>(tags.size())};
    batch.columns[1].ids = std::move(tags);
    batch.labels = {{click}, {like}};
    batch.weights = {weight};
    survey.add(batch);
  }

  Config config;
  std::vector<std::size_t> rows;
  model::ParameterTable table;
  Survey survey;
  std::vector<float> parameters;
};

}  // namespace

TEST_CASE("untouched rows hold the mean of the touched, weighted by their occurrences") {
  Setting s;
  s.add(1, {0, 0, 3}, 1);
  s.add(1, {}, 0);
  s.add(1, {0}, 1);
  s.add(2, {}, 1);
  UntouchedRows untouched(s.config.model, s.table, s.survey, s.parameters);
  untouched.fill(s.parameters, 2);
  const float words = (3 * 2.0F + 3.0F) / 4;
  CHECK(s.word(0) == words);
  CHECK(s.word(1) == 2);
  CHECK(s.word(2) == 3);
  CHECK(s.word(3) == words);
  const float tags = (3 * 10.0F + 40.0F) / 4;
  CHECK(s.tag(0) == 10);
  for (const std::size_t v : std::initializer_list<std::size_t>{1, 2, 4}) CHECK(s.tag(v) == tags);
  // Only what a step may yet read goes back.
  untouched.restore(s.parameters);
  CHECK(s.word(0) == 1);
  CHECK(s.word(3) == words);
}

TEST_CASE("an unknown row that training has drawn is its own") {
  Setting s;
  s.add(1, {1}, 1);
  UntouchedRows untouched(s.config.model, s.table, s.survey, s.parameters);
  s.word(0) = 1.5F;
  untouched.fill(s.parameters, 1);
  untouched.restore(s.parameters);
  CHECK(s.word(0) == 1.5F);
  CHECK(s.word(2) == 2);
}

TEST_CASE("rows of weight 0, or without a label that counts, touch nothing") {
  Setting s;
  s.add(1, {1}, 1);
  s.add(2, {2}, kMissingLabel);
  s.add(3, {3}, 1, 0);
  s.add(1, {1}, 1, 0);
  UntouchedRows untouched(s.config.model, s.table, s.survey, s.parameters);
  untouched.fill(s.parameters, 1);
  for (const std::size_t v : std::initializer_list<std::size_t>{0, 1, 2, 3}) CHECK(s.word(v) == 2);
  for (const std::size_t v : std::initializer_list<std::size_t>{0, 1, 2, 3, 4}) CHECK(s.tag(v) == 20);
}

TEST_CASE("a table that nothing touches holds 0, as if it were not there") {
  Setting s;
  s.add(1, {}, 1);
  UntouchedRows untouched(s.config.model, s.table, s.survey, s.parameters);
  untouched.fill(s.parameters, 1);
  for (const std::size_t v : std::initializer_list<std::size_t>{0, 1, 2, 3, 4}) CHECK(s.tag(v) == 0);
}

}  // namespace dcrnn::train
