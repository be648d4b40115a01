// Training on arrays makes the bytes that training on files makes, however the cells are given.
#include "dcrnn/arrays.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

enum class Form { text, integers, codes };

/// The cells of SmallTable::csv() as columns of `learned_config` or, `fixed`, of `small_config`.
class Cells {
 public:
  explicit Cells(const std::string& csv, Form form, bool fixed = false) {
    std::istringstream lines(csv);
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream cells(line + ",");
      std::string cell;
      for (auto* column : {&user_, &item_, &tags_, &x_}) {
        std::getline(cells, cell, ',');
        column->push_back(cell);
      }
      for (auto* labels : {&click_, &consume_}) {
        std::getline(cells, cell, ',');
        labels->push_back(cell.empty() ? std::int8_t{-1} : static_cast<std::int8_t>(cell[0] - '0'));
      }
      numbers_.push_back(std::stod(x_.back()));
      integers_.push_back(std::stoll(user_.back()));
    }
    if (form == Form::integers) {
      columns_.push_back(Column::of_integers("user", integers_));
    } else {
      add("user", user_, form);
    }
    add("item", item_, form);
    add("tags", tags_, form);
    if (form == Form::text) {
      add("x", x_, form);
      if (!fixed) add("x_bucket", x_, form);
    } else {
      columns_.push_back(Column::of_numbers("x", numbers_));
      if (!fixed) columns_.push_back(Column::of_numbers("x_bucket", numbers_));
    }
    labels_ = {{"click", click_}, {"consume", consume_}};
  }
  Cells(const Cells&) = delete;
  Cells& operator=(const Cells&) = delete;

  Rows rows() const { return {click_.size(), columns_, labels_, {}}; }

 private:
  void add(std::string_view field, const std::vector<std::string>& cells, Form form) {
    auto& views = views_.emplace_back(cells.begin(), cells.end());
    if (form != Form::codes) {
      columns_.push_back(Column::of_text(field, views));
      return;
    }
    // Words in an order of their own; an empty cell has no word.
    std::vector<std::string_view> words = views;
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    auto& codes = codes_.emplace_back();
    for (const std::string_view cell : views) {
      const auto at = std::lower_bound(words.begin(), words.end(), cell) - words.begin();
      codes.push_back(cell.empty() ? -1 : static_cast<std::int32_t>(at));
    }
    views = words;
    columns_.push_back(Column::of_codes(field, codes, views));
  }

  std::vector<std::string> user_, item_, tags_, x_;
  std::vector<std::int8_t> click_, consume_;
  std::vector<double> numbers_;
  std::vector<std::int64_t> integers_;
  std::deque<std::vector<std::string_view>> views_;
  std::deque<std::vector<std::int32_t>> codes_;
  std::vector<Column> columns_;
  std::vector<Labels> labels_;
};

const std::string kTrain = R"("epochs": 3, "batch": 32, "checkpoint_seconds": 0)";

/// The model that training on files makes.
std::string from_files(const std::string& config, const ScratchDirectory& scratch, bool valid) {
  write_text(scratch.file("train.csv"), SmallTable(300, 1).csv());
  write_text(scratch.file("valid.csv"), SmallTable(120, 2).csv());
  FitJob job;
  job.config_json = config;
  job.train = {scratch.file("train.csv")};
  if (valid) job.valid = {scratch.file("valid.csv")};
  job.model = scratch.file("model");
  job.restart = true;
  const auto report = fit(job);
  REQUIRE_MESSAGE(report.ok(), report.error().message);
  return read_text(job.model);
}

std::string text_of(const Model& model) {
  const auto bytes = model.to_bytes();
  REQUIRE(bytes.ok());
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

RowsFitJob job_of(const std::string& config, const Rows& train, const Rows& valid = {}) {
  RowsFitJob job;
  job.config_json = config;
  job.train = train;
  job.valid = valid;
  return job;
}

}  // namespace

TEST_CASE("a model fitted on arrays is that of the same rows as CSV, whatever the form of the cells") {
  const ScratchDirectory scratch;
  const std::string train = SmallTable(300, 1).csv(), valid = SmallTable(120, 2).csv();
  for (const bool validated : {false, true}) {
    const std::string expected = from_files(learned_config(kTrain), scratch, validated);
    for (const Form form : {Form::text, Form::integers, Form::codes}) {
      const Cells cells(train, form), held_out(valid, form);
      auto job = job_of(learned_config(kTrain), cells.rows(), validated ? held_out.rows() : Rows{});
      job.compute.threads = 2;
      std::size_t epochs = 0;
      job.on_epoch = [&](const EpochSummary& summary) {
        ++epochs;
        CHECK(summary.valid.size() == (validated ? 2 : 0));
      };
      const auto made = fit_rows(job);
      REQUIRE_MESSAGE(made.ok(), made.error().message);
      CHECK(text_of(made->model) == expected);
      CHECK(made->report.epochs == epochs);
      CHECK(made->report.rows_trained == 300 * epochs);
    }
  }
}

TEST_CASE("rate fields see the rows of an array as those of a file") {
  const ScratchDirectory scratch;
  std::string config = learned_config(kTrain);
  config.insert(config.find("]", config.find("x_bucket")), R"(,
      {"name": "user_rate", "type": "rate", "of": ["user"], "blocks": 7},
      {"name": "pair", "type": "rate", "of": ["item", {"column": "x", "bins": 4}], "order": "shuffled", "blocks": 5},
      {"name": "tags_rate", "type": "rate", "of": ["tags"], "tasks": ["consume"], "count": false})");
  config.insert(config.find(R"("cross")"), R"("project": 3, )");
  const std::string expected = from_files(config, scratch, true);
  const std::string train = SmallTable(300, 1).csv(), valid = SmallTable(120, 2).csv();
  for (const Form form : {Form::text, Form::integers, Form::codes}) {
    const Cells cells(train, form), held_out(valid, form);
    const auto made = fit_rows(job_of(config, cells.rows(), held_out.rows()));
    REQUIRE_MESSAGE(made.ok(), made.error().message);
    CHECK(text_of(made->model) == expected);
    CHECK(Model::create(config, cells.rows()).ok());
    Rows rows = cells.rows();
    rows.labels = {};
    const auto refused = Model::create(config, rows);
    REQUIRE_FALSE(refused.ok());
    CHECK(contains(refused.error().message, "no labels"));
  }
}

TEST_CASE("ids are the rows that id and hash would give, and are told as seen") {
  const ScratchDirectory scratch;
  const std::string config = small_config(kTrain);
  const std::string expected = from_files(config, scratch, false);
  const SmallTable table(300, 1);
  const Cells cells(table.csv(), Form::text, true);
  // Of tags and user the id is the row; item is hashed, and given as text.
  std::vector<Column> columns(table.rows().columns.begin(), table.rows().columns.end());
  columns[1] = cells.rows().columns[1];
  columns[3] = cells.rows().columns[3];
  Rows rows = table.rows();
  rows.columns = columns;
  const auto made = fit_rows(job_of(config, rows));
  REQUIRE_MESSAGE(made.ok(), made.error().message);
  CHECK(text_of(made->model) == expected);

  const auto refused = fit_rows(job_of(learned_config(), table.rows()));
  REQUIRE_FALSE(refused.ok());
  CHECK(contains(refused.error().message, "given as ids"));
}

TEST_CASE("stopped within a step the model can be used; resumed it is that of a run without a stop") {
  const ScratchDirectory scratch;
  const Cells cells(SmallTable(300, 1).csv(), Form::text), held_out(SmallTable(120, 2).csv(), Form::text);
  auto job = job_of(learned_config(kTrain), cells.rows(), held_out.rows());
  const std::string whole = text_of(fit_rows(job)->model);
  job.checkpoint = scratch.file("checkpoint");
  for (std::size_t piece = 0;; ++piece) {
    std::size_t steps = 0;
    job.progress = [&](const JobProgress& now) { return now.stage != "training" || ++steps < 7; };
    const auto made = fit_rows(job);
    REQUIRE_MESSAGE(made.ok(), made.error().message);
    CHECK(Scorer::create(made->model).ok());
    job.resume = true;
    if (made->report.reason == "stopped") {
      CHECK(steps == 7);
      CHECK(std::filesystem::exists(job.checkpoint));
      continue;
    }
    CHECK(piece >= 3);
    CHECK(text_of(made->model) == whole);
    CHECK_FALSE(std::filesystem::exists(job.checkpoint));
    break;
  }
  // Of other rows the checkpoint is refused.
  job.progress = [](const JobProgress& now) { return now.stage != "training"; };
  job.resume = false;
  REQUIRE(fit_rows(job).ok());
  const Cells others(SmallTable(300, 3).csv(), Form::text);
  job.train = others.rows();
  job.resume = true;
  CHECK(fit_rows(job).error().code == ErrorCode::model);
}

TEST_CASE("fitted from rows, a fresh model scores and trains; metrics and traces are those of files") {
  const ScratchDirectory scratch;
  const Cells cells(SmallTable(300, 1).csv(), Form::codes);
  const auto fresh = Model::create(learned_config(kTrain), cells.rows());
  REQUIRE_MESSAGE(fresh.ok(), fresh.error().message);
  auto model = Model::from_bytes(*fresh->to_bytes());
  REQUIRE(model.ok());
  CHECK(text_of(*model) == text_of(*fresh));
  write_text(scratch.file("train.csv"), SmallTable(300, 1).csv());

  const auto report = evaluate_rows(*model, cells.rows(), 64);
  const auto expected = evaluate(*model, scratch.file("train.csv"));
  REQUIRE(report.ok());
  REQUIRE(expected.ok());
  CHECK(report->rows == 300);
  for (std::size_t t = 0; t < 2; ++t) {
    CHECK(report->tasks[t].auc == expected->tasks[t].auc);
    CHECK(report->tasks[t].logloss == expected->tasks[t].logloss);
  }
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    const TraceOptions options{.precision = precision, .gradients = true};
    REQUIRE(trace_file(*model, scratch.file("train.csv"), scratch.file("trace"), options).ok());
    const auto bytes = trace_rows(*model, cells.rows(), options);
    REQUIRE(bytes.ok());
    CHECK(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()) ==
          read_text(scratch.file("trace")));
  }
}

TEST_CASE("what is wrong with arrays is told with column and row") {
  const SmallTable table(20);
  const Cells cells(table.csv(), Form::codes);
  const auto error_of = [&](const std::function<void(std::vector<Column>&)>& spoil) {
    std::vector<Column> columns(cells.rows().columns.begin(), cells.rows().columns.end());
    spoil(columns);
    Rows rows = cells.rows();
    rows.columns = columns;
    const auto made = fit_rows(job_of(learned_config(), rows));
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().code == ErrorCode::data);
    CHECK_FALSE(made.error().help.empty());
    return made.error().message;
  };
  std::vector<std::int32_t> codes(20);
  codes[7] = 1;
  std::vector<std::string_view> words = {"a"};
  CHECK(error_of([&](auto& columns) { columns[0] = Column::of_codes("user", codes, words); }) ==
        "column \"user\", row 7: code 1 is out of range: there are 1 words");
  codes[7] = -2;
  CHECK(contains(error_of([&](auto& columns) { columns[0] = Column::of_codes("user", codes, words); }),
                 "code -2"));
  words[0] = "b||c";
  codes[7] = 0;
  CHECK(error_of([&](auto& columns) { columns[2] = Column::of_codes("tags", codes, words); }) ==
        "column \"tags\", row 0: an item of the bag is empty");
  const std::vector<std::int64_t> few(19);
  CHECK(error_of([&](auto& columns) { columns[0] = Column::of_integers("user", few); }) ==
        "column \"user\": 19 values for 20 rows");
  CHECK(error_of([&](auto& columns) { columns[3].integers = few; }) ==
        "column \"x\": given in more than one form");
  CHECK(fit_rows(job_of(learned_config(), {})).error().code == ErrorCode::data);
  CHECK(Model::create(learned_config(), Rows{}).error().code == ErrorCode::data);
  CHECK(evaluate_rows(*Model::create(small_config()), Rows{}).error().code == ErrorCode::data);
  CHECK(trace_rows(*Model::create(small_config()), Rows{}, {}).error().code == ErrorCode::data);
  CHECK(Model::from_bytes({}).error().code == ErrorCode::model);
}
