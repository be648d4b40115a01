// The C functions on whole tables: they agree with the C++ ones, and forgive every NULL.
#include <doctest/doctest.h>

#include <algorithm>

#include <nlohmann/json.hpp>
#include <sstream>

#include "dcrnn/arrays.hpp"
#include "dcrnn/dcrnn.h"
#include "tests/failure_of.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn::test;

namespace {

/// One column as text, the way Arrow lays it out.
struct TextColumn {
  std::string text;
  std::vector<std::int64_t> offsets = {0};

  void add(const std::string& cell) {
    text += cell;
    offsets.push_back(static_cast<std::int64_t>(text.size()));
  }
};

/// A table of text in C, and the same in C++.
struct CTable {
  explicit CTable(const SmallTable& from) {
    std::istringstream lines(from.csv());
    std::string line, cell;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream in(line + ",");
      for (TextColumn& column : columns) {
        std::getline(in, cell, ',');
        column.add(cell);
      }
    }
    const char* names[] = {"user", "item", "tags", "x", "x_bucket"};
    for (std::size_t f = 0; f < 5; ++f) {
      const TextColumn& column = columns[std::min<std::size_t>(f, 3)];
      dcrnn_array array{};
      array.size = sizeof array;
      array.field = names[f];
      array.text = column.text.data();
      array.text_offsets = column.offsets.data();
      arrays.push_back(array);
      auto& cells = views.emplace_back();
      for (std::size_t b = 0; b + 1 < column.offsets.size(); ++b) {
        const auto begin = static_cast<std::size_t>(column.offsets[b]);
        cells.push_back(std::string_view(column.text)
                            .substr(begin, static_cast<std::size_t>(column.offsets[b + 1]) - begin));
      }
    }
    for (std::size_t f = 0; f < 5; ++f) rows.push_back(dcrnn::Column::of_text(names[f], views[f]));
    for (const dcrnn::Labels& l : from.rows().labels) {
      labels.push_back({l.task.data(), l.values.data()});
      cpp_labels.push_back(l);
    }
    table = {sizeof table,  from.rows().count, arrays.data(), arrays.size(),
             labels.data(), labels.size(),     nullptr,       nullptr};
  }
  CTable(const CTable&) = delete;
  CTable& operator=(const CTable&) = delete;

  dcrnn::Rows cpp() const { return {table.count, rows, cpp_labels, {}}; }

  TextColumn columns[4];
  std::vector<dcrnn_array> arrays;
  std::vector<dcrnn_labels> labels;
  std::vector<std::vector<std::string_view>> views;
  std::vector<dcrnn::Column> rows;
  std::vector<dcrnn::Labels> cpp_labels;
  dcrnn_table table;
};

std::string taken(dcrnn_bytes* bytes) {
  std::string content(dcrnn_bytes_data(bytes), dcrnn_bytes_size(bytes));
  dcrnn_bytes_free(bytes);
  return content;
}

const std::string kConfig = learned_config(R"("epochs": 2, "batch": 32)");

}  // namespace

TEST_CASE("fitted, measured, traced and scored from C as from C++") {
  const SmallTable train_rows(300, 1), valid_rows(120, 2);
  const CTable train(train_rows), valid(valid_rows);
  struct Seen {
    int steps = 0;
    std::vector<std::string> epochs, notes;
  } seen;
  dcrnn_fit_job job{};
  job.size = sizeof job;
  job.config_json = kConfig.c_str();
  job.train = &train.table;
  job.valid = &valid.table;
  job.threads = 1;
  job.user = &seen;
  job.on_progress = [](const dcrnn_progress* now, void* user) {
    static_cast<Seen*>(user)->steps += std::string(now->stage) == "training";
    return 1;
  };
  job.on_epoch = [](const char* json, void* user) { static_cast<Seen*>(user)->epochs.push_back(json); };
  job.on_note = [](const char* note, void* user) { static_cast<Seen*>(user)->notes.push_back(note); };
  dcrnn_error error;
  dcrnn_model* model = nullptr;
  dcrnn_bytes* bytes = nullptr;
  REQUIRE_MESSAGE(dcrnn_fit(&job, &model, &bytes, &error) == DCRNN_OK, error.message);
  const auto report = nlohmann::json::parse(taken(bytes));
  CHECK(report["reason"] == "finished");
  CHECK(report["epochs"] == 2);
  CHECK(seen.steps == 20);
  REQUIRE(seen.epochs.size() == 2);
  CHECK(nlohmann::json::parse(seen.epochs[1])["valid"]["click"]["auc"].is_number());

  dcrnn::RowsFitJob same;
  same.config_json = kConfig;
  same.train = train.cpp();
  same.valid = valid.cpp();
  const auto expected = dcrnn::fit_rows(same);
  REQUIRE(expected.ok());
  const auto expected_bytes = *expected->model.to_bytes();
  REQUIRE(dcrnn_model_to_bytes(model, &bytes, &error) == DCRNN_OK);
  const std::string file = taken(bytes);
  CHECK(file == std::string(reinterpret_cast<const char*>(expected_bytes.data()), expected_bytes.size()));
  dcrnn_model_free(model);
  REQUIRE(dcrnn_model_from_bytes(file.data(), file.size(), &model, &error) == DCRNN_OK);

  REQUIRE(dcrnn_model_inspect(model, &bytes, &error) == DCRNN_OK);
  const auto facts = nlohmann::json::parse(taken(bytes));
  CHECK(facts["fields"].size() == 5);
  CHECK(facts["parameters"][0]["name"] == "embedding.user.weight");
  std::vector<float> values(facts["parameters"][0]["count"].get<std::size_t>());
  REQUIRE(dcrnn_model_get_parameter(model, "embedding.user.weight", values.data(), values.size(), &error) ==
          DCRNN_OK);
  CHECK(std::equal(values.begin(), values.end(), expected->model.parameters()[0].values.begin()));
  CHECK(dcrnn_model_get_parameter(model, "embedding.user.weight", values.data(), 1, &error) == DCRNN_USAGE);
  CHECK(dcrnn_model_get_parameter(model, "nobody", values.data(), 1, &error) == DCRNN_USAGE);

  dcrnn_scorer *scorer = nullptr, *clone = nullptr;
  REQUIRE(dcrnn_scorer_create(model, 1, nullptr, &scorer, &error) == DCRNN_OK);
  REQUIRE(dcrnn_scorer_clone(scorer, &clone, &error) == DCRNN_OK);
  dcrnn_scorer_free(scorer);
  std::vector<float> p(600), q(600);
  REQUIRE(dcrnn_scorer_score_table(clone, &train.table, p.data(), nullptr, &error) == DCRNN_OK);
  REQUIRE(dcrnn::Scorer::create(expected->model)->score(train.cpp(), q).ok());
  CHECK(p == q);
  dcrnn_scorer_free(clone);

  REQUIRE(dcrnn_evaluate(model, &valid.table, 50, 2, nullptr, &bytes, &error) == DCRNN_OK);
  const auto metrics = nlohmann::json::parse(taken(bytes));
  CHECK(metrics["rows"] == 120);
  CHECK(metrics["tasks"]["click"]["auc"] ==
        *dcrnn::evaluate_rows(expected->model, valid.cpp())->tasks[0].auc);
  REQUIRE(dcrnn_encode(model, &valid.table, &bytes, &error) == DCRNN_OK);
  const auto encoded = *dcrnn::encode_rows(expected->model, valid.cpp());
  CHECK(taken(bytes) == std::string(reinterpret_cast<const char*>(encoded.data()), encoded.size()));
  REQUIRE(dcrnn_trace(model, &valid.table, 1, 1, 1, nullptr, &bytes, &error) == DCRNN_OK);
  CHECK(contains(taken(bytes), "\"F64\""));

  std::fill(values.begin(), values.end(), 0.5f);
  CHECK(dcrnn_model_set_parameter(model, "embedding.user.weight", values.data(), values.size(), &error) ==
        DCRNN_OK);
  dcrnn_trainer* trainer = nullptr;
  REQUIRE(dcrnn_trainer_create(model, 0, 1, nullptr, &trainer, &error) == DCRNN_OK);
  dcrnn_table few = train.table;
  few.count = 32;
  double loss = 0;
  CHECK(dcrnn_trainer_step_table(trainer, &few, &loss, &error) == DCRNN_OK);
  CHECK(loss > 0);
  dcrnn_trainer_free(trainer);
  dcrnn_model_free(model);

  // A fresh model of the rows; stopped at once.
  REQUIRE(dcrnn_model_create_from_rows(kConfig.c_str(), &train.table, &model, &error) == DCRNN_OK);
  dcrnn_model_free(model);
  job.on_progress = [](const dcrnn_progress* now, void*) {
    return int{std::string(now->stage) != "training"};
  };
  REQUIRE(dcrnn_fit(&job, &model, &bytes, &error) == DCRNN_OK);
  CHECK(nlohmann::json::parse(taken(bytes))["reason"] == "stopped");
  dcrnn_model_free(model);

  REQUIRE(dcrnn_gradcheck(small_config().c_str(), 1, 4, 3, &bytes, &error) == DCRNN_OK);
  CHECK(nlohmann::json::parse(taken(bytes))["ok"] == true);
}

TEST_CASE("columns are told as rows must have them") {
  const std::string config = R"({"fields": [
      {"name": "u", "column": "user", "type": "category"}, {"name": "x", "type": "number"},
      {"name": "tags", "type": "bag", "separator": ";"},
      {"name": "r", "type": "rate", "of": ["user", "x"]},
      {"name": "s", "type": "rate", "of": ["u", {"column": "hour", "bins": 4}]}],
    "tasks": [{"name": "click"}]})";
  dcrnn_bytes* bytes = nullptr;
  REQUIRE(dcrnn_columns(config.c_str(), &bytes, nullptr) == DCRNN_OK);
  const auto told = nlohmann::json::parse(taken(bytes));
  CHECK(told == nlohmann::json::parse(R"([
    {"name": "u", "column": "user", "type": "category", "words": true},
    {"name": "x", "column": "x", "type": "number", "words": true},
    {"name": "tags", "column": "tags", "type": "bag", "words": true, "separator": ";"},
    {"name": "column.u", "column": "u", "type": "category", "words": true},
    {"name": "hour", "column": "hour", "type": "number", "words": false}])"));
}

TEST_CASE("a table that is none is refused, whatever is wrong with it") {
  const SmallTable from(20);
  CTable c(from);
  dcrnn_error error;
  dcrnn_model* model = nullptr;
  const auto refused = [&](dcrnn_status status) {
    return dcrnn_model_create_from_rows(kConfig.c_str(), &c.table, &model, &error) == status &&
           model == nullptr && error.help[0] != '\0';
  };
  c.table.size = 8;
  CHECK(refused(DCRNN_USAGE));
  CHECK(contains(error.message, "table.size: found 8"));
  c.table.size = sizeof c.table;
  c.arrays[1].size = 0;
  CHECK(refused(DCRNN_USAGE));
  c.arrays[1].size = sizeof c.arrays[1];
  c.columns[1].offsets[3] = -5;
  CHECK(refused(DCRNN_DATA));
  CHECK(contains(error.message, "text_offsets[3] is -5"));
  c.columns[1].offsets[3] = c.columns[1].offsets[2];
  c.arrays[1].text = nullptr;
  CHECK(refused(DCRNN_USAGE));
  c.arrays[1].text = c.columns[1].text.data();
  const std::vector<std::int32_t> codes(20, 3);
  c.arrays[1].codes = codes.data();
  c.arrays[1].words = 3;
  CHECK(refused(DCRNN_DATA));
  c.arrays[1].text_offsets = nullptr;
  CHECK(refused(DCRNN_USAGE));
  c.arrays[1].field = nullptr;
  CHECK(refused(DCRNN_USAGE));
  c.table.arrays = nullptr;
  CHECK(refused(DCRNN_USAGE));

  dcrnn_bytes* bytes = nullptr;
  CHECK(dcrnn_fit(nullptr, &model, &bytes, &error) == DCRNN_USAGE);
  CHECK(dcrnn_fit(nullptr, nullptr, nullptr, nullptr) == DCRNN_USAGE);
  CHECK(dcrnn_model_create_from_rows(nullptr, nullptr, &model, nullptr) == DCRNN_USAGE);
  CHECK(dcrnn_model_from_bytes(nullptr, 0, &model, &error) == DCRNN_USAGE);
  CHECK(dcrnn_model_from_bytes("x", 1, &model, &error) == DCRNN_MODEL);
  CHECK(dcrnn_model_to_bytes(nullptr, &bytes, &error) == DCRNN_USAGE);
  CHECK(dcrnn_model_inspect(nullptr, &bytes, &error) == DCRNN_USAGE);
  CHECK(dcrnn_model_get_parameter(nullptr, "", nullptr, 0, &error) == DCRNN_USAGE);
  CHECK(dcrnn_model_set_parameter(nullptr, "", nullptr, 0, &error) == DCRNN_USAGE);
  dcrnn_scorer* scorer = nullptr;
  CHECK(dcrnn_scorer_clone(nullptr, &scorer, &error) == DCRNN_USAGE);
  CHECK(dcrnn_scorer_score_table(nullptr, nullptr, nullptr, nullptr, &error) == DCRNN_USAGE);
  CHECK(dcrnn_trainer_step_table(nullptr, nullptr, nullptr, &error) == DCRNN_USAGE);
  CHECK(dcrnn_evaluate(nullptr, nullptr, 1, 1, nullptr, &bytes, &error) == DCRNN_USAGE);
  CHECK(dcrnn_encode(nullptr, nullptr, &bytes, &error) == DCRNN_USAGE);
  CHECK(dcrnn_trace(nullptr, nullptr, 0, 0, 1, nullptr, &bytes, &error) == DCRNN_USAGE);
  CHECK(dcrnn_gradcheck(nullptr, 1, 1, 1, &bytes, &error) == DCRNN_USAGE);
  CHECK(dcrnn_columns(nullptr, &bytes, &error) == DCRNN_USAGE);
  CHECK(dcrnn_columns("{}", &bytes, &error) == DCRNN_USAGE);
  CHECK(dcrnn_model_refresh_table(nullptr, nullptr, 0, &error) == DCRNN_USAGE);
  CHECK(dcrnn_bytes_data(nullptr) == nullptr);
  CHECK(dcrnn_bytes_size(nullptr) == 0);
  dcrnn_bytes_free(nullptr);
}
