#include "data/row_reader.hpp"
#include "support.hpp"

namespace dcrnn::data {
namespace {

using Labels = RowReader::Labels;

Schema small_config() {
  Schema config;
  config.fields = {category("city", Encoding::id, 10), number("watch_time", Transform::none)};
  config.tasks = {task("click"), task("buy", 0)};
  return config;
}

TEST_CASE("row reader: rows, labels, weights and truth in batches") {
  const TempDirectory dir;
  Schema config = small_config();
  config.weight = "w";
  const std::string path = dir.file("a.csv",
                                    "true_buy,w,buy,watch_time,city,true_click,click\n"
                                    "0.25,1,,1.5,3,0.5,1\n"
                                    "0,0,1,2.5,4,1,0\n"
                                    "1,2.5,0,-3,9,0,\n");
  const Encoders encoders(config);
  RowReader reader(config, encoders, {path}, {Labels::required});
  CHECK(reader.bytes_total() == std::filesystem::file_size(path));
  Batch batch;
  REQUIRE(reader.read(2, batch) == 2);
  CHECK(batch.rows == 2);
  CHECK(reader.place(1) == path + ":3");
  CHECK(batch.columns[0].ids == std::vector<std::uint32_t>{3, 4});
  CHECK(batch.columns[1].values == std::vector<double>{1.5, 2.5});
  CHECK(batch.labels == std::vector<std::vector<std::int8_t>>{{1, 0}, {kMissingLabel, 1}});
  CHECK(batch.weights == std::vector<double>{1, 0});
  CHECK(batch.truth == std::vector<std::vector<double>>{{0.5, 1}, {0.25, 0}});
  REQUIRE(reader.read(2, batch) == 1);
  CHECK(reader.place(0) == path + ":4");
  CHECK(batch.columns[0].ids == std::vector<std::uint32_t>{9});
  CHECK(batch.labels == std::vector<std::vector<std::int8_t>>{{kMissingLabel}, {0}});
  CHECK(reader.read(2, batch) == 0);
  CHECK(reader.bytes_done() == reader.bytes_total());
}

TEST_CASE("row reader: which columns are read") {
  const TempDirectory dir;
  Schema config = small_config();
  const Encoders encoders(config);
  Batch batch;
  const std::string all = dir.file("all.csv", "city,watch_time,click,buy\n1,2,1,0\n");
  const std::string some = dir.file("some.csv", "city,watch_time,click\n1,2,junk\n");
  for (const auto& [path, labels, read] :
       {std::tuple(all, Labels::required, true), std::tuple(all, Labels::optional, true),
        std::tuple(all, Labels::ignored, false), std::tuple(some, Labels::optional, false),
        std::tuple(some, Labels::ignored, false)}) {
    RowReader reader(config, encoders, {path}, {labels});
    REQUIRE(reader.read(10, batch) == 1);
    REQUIRE(batch.labels.size() == 2);
    CHECK(batch.labels[0].size() == (read ? 1 : 0));
    CHECK(batch.truth[0].empty());
    CHECK(batch.weights.empty());
  }
  config.weight = "w";
  CHECK(contains(failure_of([&] { RowReader(config, encoders, {all}, {Labels::optional}); }).message,
                 "column \"w\" is missing (sample weight)"));
  RowReader unlabelled(config, encoders, {some}, {Labels::optional});
  REQUIRE(unlabelled.read(1, batch) == 1);
  CHECK(batch.labels[0].empty());
  CHECK(RowReader(config, encoders, {dir.file("header.csv", "city,watch_time\n")}, {Labels::ignored})
            .read(5, batch) == 0);
}

TEST_CASE("row reader: errors name file, line and column") {
  struct Case {
    std::string bytes, place, what;
  };
  const std::string header = "city,watch_time,click,buy,w,true_click,true_buy\n";
  const std::vector<Case> cases = {
      {header + "1,2,1,0,1,0,0\n1,1.2.3,1,0,1,0,0\n",
       ":3: column \"watch_time\": ", "\"1.2.3\" is not a number"},
      {header + "1,,1,0,1,0,0\n", ":2: column \"watch_time\": ", "empty"},
      {header + "x,1,1,0,1,0,0\n", ":2: column \"city\": ", "\"x\" is not an id"},
      {header + "\"1\n\",1,1,0,1,0,0\n", ":2: column \"city\": ", "\"1\\n\" is not an id"},
      {header + "1,1,\"\n2\",0,1,0,0\n", ":2: column \"click\": ", "is not a label"},
      {header + "1,1,1.5,0,1,0,0\n", ":2: column \"click\": ", "\"1.5\" is not a label"},
      {"", ":1: ", "the file is empty"},
      {header + "1,1,1,true,1,0,0\n", ":2: column \"buy\": ", "\"true\" is not a label"},
      {header + "1,1,1,0,-1,0,0\n", ":2: column \"w\": ", "\"-1\" is not a sample weight"},
      {header + "1,1,1,0,,0,0\n", ":2: column \"w\": ", "empty"},
      {header + "1,1,1,0,nan,0,0\n", ":2: column \"w\": ", "\"nan\" is not a finite number"},
      {header + "1,1,1,0,1,1.5,0\n", ":2: column \"true_click\": ", "\"1.5\" is not a probability"},
      {header + "1,1,1,0,1,0,\n", ":2: column \"true_buy\": ", "empty"},
      {"city,watch_tme,click,buy,w\n", ":1: ", "column \"watch_time\" is missing (field \"watch_time\")"},
      {"city,watch_time,clik,buy,w\n", ":1: ", "column \"click\" is missing (label of task \"click\")"},
  };
  const TempDirectory dir;
  Schema config = small_config();
  config.weight = "w";
  const Encoders encoders(config);
  for (const Case& one : cases) {
    const std::string path = dir.file("bad.csv", one.bytes);
    const Error error = failure_of([&] {
      RowReader reader(config, encoders, {path}, {Labels::required});
      Batch batch;
      while (reader.read(100, batch) > 0) {
      }
    });
    INFO(one.bytes, " -> ", error.message);
    CHECK(error.code == ErrorCode::data);
    CHECK(contains(error.message, path + one.place));
    CHECK(contains(error.message, one.what));
    CHECK_FALSE(contains(error.message + error.help, "\n"));
  }
  const Error error = failure_of([&] {
    RowReader(config, encoders, {dir.file("bad.csv", "city,watch_tme,click,buy,w\n")}, {Labels::required});
  });
  CHECK(contains(error.help, "did you mean \"watch_tme\"?"));
}

/// A quoted cell over several lines: the line is the one where the cell to blame starts.
TEST_CASE("row reader: physical lines count line ends inside quotes") {
  const TempDirectory dir;
  Schema config;
  config.fields = {category("a", Encoding::hash, 10), number("n", Transform::none)};
  const Encoders encoders(config);
  const std::string path = dir.file("lines.csv", "a,n\n\"x\n\ny\",1\n\"p\nq\",oops\n");
  const Error error = failure_of([&] {
    RowReader reader(config, encoders, {path}, {Labels::ignored});
    Batch batch;
    reader.read(10, batch);
  });
  CHECK(contains(error.message, path + ":6: column \"n\": \"oops\" is not a number"));
}

}  // namespace
}  // namespace dcrnn::data
