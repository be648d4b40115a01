// The ridge of the wide term: a step of it, and what an epoch adds up to.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "kernels/table.hpp"
#include "train/ridge.hpp"
#include "train/trainer.hpp"

namespace dcrnn::train {

namespace {

/// A vocabulary of four rows, a bag over five, a number; `wide`, independent; sgd without a rest.
Config config_with(const std::string& train) {
  return parse_config(R"({"fields": [{"name": "word", "type": "category", "dim": 1},
      {"name": "tags", "type": "bag", "encoding": "id", "size": 5, "dim": 1},
      {"name": "x", "type": "number", "transform": "none"}],
    "tasks": [{"name": "a"}, {"name": "b"}], "probability": "independent", "wide": true, "head": false,
    "cross": {"kind": "none"}, "sharing": [], "tower": [],
    "train": {"batch": 8, "optimizer": {"kind": "sgd", "rate": 1, "momentum": 0}, )" +
                          train + "}}",
                      "config");
}

const std::vector<std::size_t> kRows = {4, 5, 0};

/// `rows` of the eight rows from `first` on. No label: nothing but the ridge is learnt.
Batch rows_from(std::size_t first, std::size_t rows) {
  const std::vector<std::uint32_t> words = {1, 2, 3, 1, 0, 2, 1, 1};
  const std::vector<std::vector<std::uint32_t>> tags = {{0, 0}, {1}, {}, {2, 3}, {0}, {1, 1, 1}, {2}, {0, 2}};
  Batch batch;
  batch.rows = rows;
  batch.columns.resize(3);
  batch.columns[1].offsets.push_back(0);
  batch.labels.assign(2, std::vector<std::int8_t>(rows, kMissingLabel));
  for (std::size_t b = first; b < first + rows; ++b) {
    batch.columns[0].ids.push_back(words[b]);
    batch.columns[1].ids.insert(batch.columns[1].ids.end(), tags[b].begin(), tags[b].end());
    batch.columns[1].offsets.push_back(static_cast<std::uint32_t>(batch.columns[1].ids.size()));
    batch.columns[2].values.push_back(0.5);
  }
  return batch;
}

/// The wide parameters, and one step of the trainer on each of the batches of `size` rows.
std::vector<float> after_epoch(const Config& config, std::size_t size, const Survey* survey) {
  const model::ParameterTable table(config.model, kRows);
  std::vector<float> parameters(table.total(), 1.0F);
  Trainer trainer(config, table, parameters, 0, kernels::table<float>(best_isa()), 2, survey);
  for (std::size_t first = 0; first < 8; first += size) {
    Batch batch = rows_from(first, size);
    trainer.step(batch);
  }
  std::vector<float> tables;
  for (const model::LookupTable& lookup : table.lookups()) {
    for (std::size_t i = 0; i < lookup.rows * lookup.width; ++i)
      tables.push_back(parameters[lookup.offset + i]);
  }
  return tables;
}

}  // namespace

TEST_CASE("an epoch of one batch draws every weight that is used by lambda / B, no other") {
  const Config config = config_with(R"("ridge": 2, "unknown_rate": 0)");
  Survey survey(config.model, kRows);
  survey.add(rows_from(0, 8));
  const std::vector<float> tables = after_epoch(config, 8, &survey);
  // word 4 x 2, tags 5 x 2, x 2 x 1; a tag that no row has stays
  REQUIRE(tables.size() == 20);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    CAPTURE(i);
    CHECK(tables[i] == (i == 16 || i == 17 ? 1.0F : 0.75F));
  }
  CHECK(after_epoch(config, 8, nullptr) == std::vector<float>(20, 1.0F));
  CHECK(after_epoch(config_with(R"("ridge": 0, "unknown_rate": 0)"), 8, &survey) ==
        std::vector<float>(20, 1.0F));
}

TEST_CASE("over several batches a weight is drawn by its share of uses in each") {
  const Config config = config_with(R"("ridge": 1, "unknown_rate": 0)");
  Survey survey(config.model, kRows);
  survey.add(rows_from(0, 8));
  const std::vector<float> tables = after_epoch(config, 4, &survey);
  // B = 4. word 1: 2 of its 4 uses in either batch; word 3: its only one in the first.
  const double half = 1 - 0.25 / 2;
  CHECK(tables[2] == doctest::Approx(half * half).epsilon(1e-6));
  CHECK(tables[6] == doctest::Approx(1 - 0.25).epsilon(1e-6));
  // tag 0 is used 2 + 0 and 1 + 1 times: a repeat counts.
  CHECK(tables[8] == doctest::Approx(half * half).epsilon(1e-6));
  // The number: half of the rows in either batch.
  CHECK(tables[18] == doctest::Approx(half * half).epsilon(1e-6));
}

TEST_CASE("the unknown row takes over the share of uses that training gives it") {
  const Config config = config_with(R"("ridge": 8, "unknown_rate": 0.25)");
  const model::ParameterTable table(config.model, kRows);
  Survey survey(config.model, kRows);
  survey.add(rows_from(0, 8));
  std::vector<float> parameters(table.total(), 1.0F);
  std::vector<model::SparseRows<float>> gradients(3);
  gradients[0].width = 2;
  gradients[0].touched = {0, 1};
  gradients[0].slots = {0, 0, 1};
  gradients[0].gradient.assign(4, 0.0F);
  Ridge(config, table, survey).add(8, parameters.data(), gradients, 1);
  // n_0 = 1 + 0.25 * 7, n_1 = 0.75 * 4
  CHECK(gradients[0].gradient[0] == doctest::Approx(2 / 2.75).epsilon(1e-6));
  CHECK(gradients[0].gradient[2] == doctest::Approx(1 / 3.0).epsilon(1e-6));
}

}  // namespace dcrnn::train
