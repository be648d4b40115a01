// Rate fields through the library: what every training row of the golden case sees of the others, against a
// plain script; rows in memory; refresh; what no model may hold.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "api/model_impl.hpp"
#include "data/dataset.hpp"
#include "dcrnn/dcrnn.h"
#include "dcrnn/dcrnn.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "train/config.hpp"

namespace {

using namespace dcrnn;

TEST_CASE("rates: what training rows see, block by block and fold by fold") {
  const std::string folder = DCRNN_SOURCE_DIR "/tests/golden/rates/";
  const Config config = parse_config(test::read_text(folder + "config.json"), "config");
  const test::ScratchDirectory scratch;
  const data::TrainingData training = data::build_training_data(
      config.model, {folder + "train_a.csv", folder + "train_b.csv"}, scratch.path() + "/cache", {});
  std::vector<std::size_t> index(training.dataset.rows->rows());
  REQUIRE(index.size() == 200);
  std::iota(index.begin(), index.end(), std::size_t{0});
  Batch batch;
  training.dataset.rows->read(index.data(), index.size(), batch);

  const auto expected = nlohmann::json::parse(test::read_text(folder + "train.json"));
  std::size_t compared = 0;
  for (std::size_t f = 0; f < config.model.fields.size(); ++f) {
    const Field& field = config.model.fields[f];
    if (field.type != FieldType::rate) continue;
    CAPTURE(field.name);
    const auto& want = expected.at(field.name);
    const std::vector<double>& got = batch.columns[f].values;
    REQUIRE(want.size() == 200);
    REQUIRE(got.size() == 200 * field.width());
    double largest = 0;
    for (const auto& row : want) {
      REQUIRE(row.size() == field.width());
      for (const double x : row) largest = std::max(largest, std::abs(x));
    }
    for (std::size_t i = 0; i < got.size(); ++i) {
      CAPTURE(i);
      const double x = want[i / field.width()][i % field.width()];
      REQUIRE(std::abs(got[i] - x) <= 1e-12 * largest);
    }
    ++compared;
  }
  CHECK(compared == expected.size());
}

const std::string kFolder = DCRNN_SOURCE_DIR "/tests/golden/rates_project/";

Model golden() {
  Result<Model> model = Model::load(kFolder + "model.safetensors");
  REQUIRE(model.ok());
  return std::move(*model);
}

/// The rows of a CSV file without quotes, as columns of text for a model.
struct Table {
  Table(const Model& model, const std::string& path) {
    std::istringstream lines(test::read_text(path));
    std::string line;
    std::vector<std::string> header;
    while (std::getline(lines, line)) {
      std::vector<std::string> row;
      std::istringstream in(line);
      for (std::string cell; std::getline(in, cell, ',');) row.push_back(cell);
      if (line.ends_with(',')) row.emplace_back();
      if (header.empty()) {
        header = row;
        cells.resize(header.size());
        continue;
      }
      REQUIRE(row.size() == header.size());
      for (std::size_t c = 0; c < row.size(); ++c) cells[c].push_back(row[c]);
    }
    names = model.columns();
    for (std::size_t c = 0; c < header.size(); ++c) {
      for (const std::string& cell : cells[c]) views[header[c]].push_back(cell);
    }
    for (const std::string& name : names) columns.push_back(Column::of_text(name, views.at(name)));
    for (const std::string& task : model.tasks()) {
      for (const std::string_view cell : views.at("y" + task.substr(1))) {
        label_values[task].push_back(static_cast<std::int8_t>(cell.empty() ? -1 : cell == "1" ? 1 : 0));
      }
      labels.push_back({label_values.find(task)->first, label_values[task]});
    }
  }
  Rows rows() const { return {cells[0].size(), columns, labels, {}}; }

  std::vector<std::vector<std::string>> cells;
  std::map<std::string, std::vector<std::string_view>> views;
  std::map<std::string, std::vector<std::int8_t>> label_values;
  std::vector<std::string> names;
  std::vector<Column> columns;
  std::vector<Labels> labels;
};

std::vector<float> scores(Scorer& scorer, const Table& table, std::size_t tasks) {
  std::vector<float> p(table.rows().count * tasks);
  REQUIRE(scorer.score(table.rows(), p).ok());
  return p;
}

TEST_CASE("rates: rows in memory are refreshed and scored as files are; scorers keep their tables") {
  const test::ScratchDirectory scratch;
  Model model = golden();
  CHECK(model.columns() ==
        std::vector<std::string>{"f0", "f1", "x0", "x1", "word0", "num0", "word1", "word2", "num1"});
  const Table table(model, kFolder + "rows.csv");
  const std::string refreshed = scratch.path() + "/refreshed", saved = scratch.path() + "/saved";
  RefreshJob job;
  job.data = {kFolder + "rows.csv"};
  job.out = refreshed;
  const Result<RefreshReport> report = refresh_files(model, job);
  REQUIRE(report.ok());
  CHECK(report->rows == table.rows().count);

  Result<Scorer> before = Scorer::create(model);
  REQUIRE(before.ok());
  const std::vector<float> old = scores(*before, table, 3);
  REQUIRE(model.refresh(table.rows()).ok());
  CHECK(scores(*before, table, 3) == old);
  Result<Scorer> cloned = before->clone(), after = Scorer::create(model);
  CHECK(scores(*cloned, table, 3) == old);
  CHECK(scores(*after, table, 3) != old);
  REQUIRE(model.save(saved).ok());
  CHECK(test::read_text(saved) == test::read_text(refreshed));

  // Once, unless asked for; after an error the model is as before.
  CHECK(model.refresh(table.rows()).error().code == ErrorCode::data);
  REQUIRE(model.save(saved).ok());
  CHECK(test::read_text(saved) == test::read_text(refreshed));
  CHECK(model.refresh(table.rows(), true).ok());

  // One row alone gives the bytes of the batch.
  const std::vector<float> all = scores(*after, table, 3);
  for (std::size_t b = 0; b < table.rows().count; ++b) {
    std::vector<Column> columns;
    for (const Column& column : table.columns)
      columns.push_back(Column::of_text(column.field, column.text.subspan(b, 1)));
    std::vector<float> p(3);
    REQUIRE(after->score({1, columns, {}, {}}, p).ok());
    CHECK(std::equal(p.begin(), p.end(), all.begin() + static_cast<std::ptrdiff_t>(3 * b)));
  }
}

TEST_CASE("rates: refresh from C") {
  const test::ScratchDirectory scratch;
  Model model = golden();
  const Table table(model, kFolder + "rows.csv");
  std::vector<std::vector<const char*>> text;
  std::vector<dcrnn_column> columns;
  std::vector<dcrnn_labels> labels;
  for (const Column& column : table.columns) {
    text.emplace_back();
    for (const std::string_view cell : column.text) text.back().push_back(cell.data());
  }
  for (std::size_t c = 0; c < text.size(); ++c)
    columns.push_back({table.names[c].c_str(), nullptr, nullptr, nullptr, text[c].data()});
  for (const Labels& one : table.labels) labels.push_back({one.task.data(), one.values.data()});
  const dcrnn_rows rows = {table.rows().count, columns.data(), columns.size(),
                           labels.data(),      labels.size(),  nullptr};

  dcrnn_model* loaded = nullptr;
  dcrnn_error error;
  REQUIRE(dcrnn_model_load((kFolder + "model.safetensors").c_str(), &loaded, &error) == DCRNN_OK);
  CHECK(dcrnn_model_refresh(nullptr, &rows, 0, &error) == DCRNN_USAGE);
  CHECK(dcrnn_model_refresh(loaded, nullptr, 0, &error) == DCRNN_USAGE);
  CHECK(dcrnn_model_refresh(loaded, &rows, 0, &error) == DCRNN_OK);
  CHECK(dcrnn_model_refresh(loaded, &rows, 0, &error) == DCRNN_DATA);
  CHECK(std::strstr(error.message, "in the tables already") != nullptr);
  const std::string from_c = scratch.path() + "/c", from_cpp = scratch.path() + "/cpp";
  REQUIRE(dcrnn_model_save(loaded, from_c.c_str(), &error) == DCRNN_OK);
  dcrnn_model_free(loaded);
  REQUIRE(model.refresh(table.rows()).ok());
  REQUIRE(model.save(from_cpp).ok());
  CHECK(test::read_text(from_c) == test::read_text(from_cpp));
}

TEST_CASE("rates: tables that no training leaves are refused, naming the tensor") {
  const Model model = golden();
  const ModelConfig& config = model.impl().config.model;
  const std::vector<TensorView> whole = model.impl().encoders.tensors();
  const auto check = [&](const std::string& name, std::size_t at, auto value) {
    std::vector<TensorView> tensors = whole;
    std::vector<std::byte> bytes;
    for (TensorView& tensor : tensors) {
      if (tensor.name != name) continue;
      bytes.assign(tensor.data.begin(), tensor.data.end());
      REQUIRE(bytes.size() >= (at + 1) * sizeof value);
      std::memcpy(bytes.data() + at * sizeof value, &value, sizeof value);
      tensor.data = bytes;
    }
    REQUIRE_FALSE(bytes.empty());
    CAPTURE(name);
    const Error error = test::failure_of([&] { data::Encoders::from_tensors(config, tensors, "model"); });
    CHECK(error.code == ErrorCode::model);
    CHECK(test::contains(error.message, name));
  };
  CHECK_NOTHROW(data::Encoders::from_tensors(config, whole, "model"));
  const double nan = std::nan(""), infinity = HUGE_VAL;
  check("encoder.a0.rate.keys", 0, ~std::uint64_t{0});
  check("encoder.a0.rate.rows", 1, std::uint64_t{0});
  for (const double bad : {-1.0, nan, infinity}) check("encoder.a0.rate.sums", 0, bad);
  for (const double bad : {-1e-9, nan, 1e9}) check("encoder.a0.rate.sums", 1, bad);
  for (const double bad : {0.0, 9e-5, 1.0, nan}) check("encoder.a0.rate.priors", 0, bad);
  for (const double bad : {nan, infinity}) check("encoder.a0.rate.statistics", 0, bad);
  for (const double bad : {0.0, -1.0, nan, infinity}) check("encoder.a0.rate.statistics", 1, bad);
  check("encoder.a0.of.1.edges", 0, infinity);
}

}  // namespace
