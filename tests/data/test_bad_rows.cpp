// Several files as one, and rows that cannot be read.
#include "data/csv.hpp"
#include "data/row_reader.hpp"
#include "support.hpp"

namespace dcrnn::data {
namespace {

using Labels = RowReader::Labels;

Schema small_config() {
  Schema config;
  config.fields = {category("city", Encoding::id, 10), number("age", Transform::none),
                   bag("tags", Encoding::id, 10)};
  config.tasks = {task("click")};
  return config;
}

struct Read {
  std::vector<std::uint32_t> cities;
  std::vector<double> ages;
  std::vector<std::size_t> bad;
  std::string reasons;
};

/// Everything, `batch` rows at a time, bad rows skipped.
Read read_skipping(const std::vector<std::string>& paths, std::size_t batch) {
  const Schema config = small_config();
  const Encoders encoders(config);
  RowReader reader(config, encoders, paths, {Labels::required, false, true});
  Read read;
  Batch rows;
  for (std::size_t before = 0, count = 0; (count = reader.read(batch, rows)) > 0; before += count) {
    CHECK(rows.rows + reader.skipped().size() == count);
    CHECK((rows.columns[0].ids.size() == rows.rows && rows.labels[0].size() == rows.rows));
    CHECK(rows.columns[2].offsets.size() == rows.rows + 1);
    read.cities.insert(read.cities.end(), rows.columns[0].ids.begin(), rows.columns[0].ids.end());
    read.ages.insert(read.ages.end(), rows.columns[1].values.begin(), rows.columns[1].values.end());
    for (const RowReader::Skipped& bad : reader.skipped()) {
      read.bad.push_back(before + bad.row);
      read.reasons += bad.reason + "\n";
    }
  }
  return read;
}

TEST_CASE("bad rows: each is one row, whatever is wrong with it") {
  const std::string nul(1, '\0');
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"x,1,1,0", "column \"city\": \"x\" is not an id"},
      {"1,x,1,0", "column \"age\": \"x\" is not a number"},
      {"1,1,1||2,0", "column \"tags\": an item of the bag is empty"},
      {"1,1,1|2|x,0", "column \"tags\": \"x\" is not an id"},
      {"1,1,1,2", "column \"click\": \"2\" is not a label"},
      {"1,1,1", "found 3 cells"},
      {"1,1,1,0,9", "found 5 cells"},
      {"", "blank line"},
      {"1,\"1\"x,1,0", "text after the closing quote"},
      {"1,1\"x,1,0", "a quote inside a cell"},
      {"1,\"1,1,0", ""},
      {"1,1" + nul + ",1,0", "a NUL byte"},
      {"1,1\r,1,0", "carriage return"},
      {"1,\xFF,1,0", "is not UTF-8"},
      {"1,\"\xFF\n\",1,0", "is not UTF-8"},
  };
  const TempDirectory dir;
  const std::string header = "city,age,tags,click\n", good = "7,0.5,1|2,1\n";
  for (const auto& one : bad) {
    const auto& row = one.first;
    const auto& reason = one.second;
    const std::string path = dir.file("bad.csv", header + good + row + "\n" + good + good);
    const std::string twice =
        dir.file("twice.csv", header + row + "\n" + row + "\n" + good + row + "\n" + good);
    for (const std::size_t batch : std::vector<std::size_t>{1, 2, 100}) {
      const Read read = read_skipping({path}, batch);
      INFO(row, " -> ", read.reasons);
      CHECK(read.bad == std::vector<std::size_t>{1});
      CHECK(read.cities == std::vector<std::uint32_t>(3, 7));
      CHECK(read.ages == std::vector<double>(3, 0.5));
      CHECK(contains(read.reasons, path + ":3: "));
      CHECK(contains(read.reasons, reason));
      CHECK(read_skipping({twice}, batch).bad == std::vector<std::size_t>{0, 1, 3});
    }
  }
}

TEST_CASE("bad rows: a row too long is passed, the end of the file is no bad row") {
  const TempDirectory dir;
  const std::string header = "city,age,tags,click\n", good = "7,0.5,1|2,1\n";
  const std::string path = dir.file(
      "long.csv", header + good + std::string(3 * CsvReader::kLongestRow, 'x') + "\n" + good + "\n\r\n\n");
  const Read read = read_skipping({path}, 10);
  CHECK(read.bad == std::vector<std::size_t>{1});
  CHECK(read.cities.size() == 2);
  CHECK(contains(read.reasons, ":3: the row is longer than 8 MiB"));
}

TEST_CASE("bad rows: broken gzip and a bad header stay errors") {
  const TempDirectory dir;
  std::string text = "city,age,tags,click\n";
  for (int i = 0; i < 9000; ++i)
    text += std::to_string(i % 10) + "," + std::to_string(i * 7919 % 10007) + ",1,0\n";
  const std::string packed = gzipped(text);
  const std::string cut = dir.file("cut.csv.gz", packed.substr(0, packed.size() / 2));
  CHECK(contains(failure_of([&] { read_skipping({cut}, 10); }).message, "ends too early"));
  const std::string other = dir.file("other.csv", "city,age,tags\n1,1,1\n");
  CHECK(contains(failure_of([&] { read_skipping({other}, 10); }).message, "column \"click\" is missing"));
}

TEST_CASE("several files are one: order, empty parts, columns in another order") {
  const TempDirectory dir;
  const std::string a = dir.file("a.csv", "city,age,tags,click\n1,1,1,0\n2,2,,1\n");
  const std::string b = dir.file("b.csv", "click,tags,age,city\n0,1,3,3\nx,,4,4\n1,,5,5\n");
  const std::string header = dir.file("header.csv", "city,age,tags,click\n"),
                    nothing = dir.file("nothing.csv", "");
  const std::string packed = dir.file("c.csv.gz", gzipped("city,age,tags,click\n6,6,,1\n"));
  for (const std::size_t batch : std::vector<std::size_t>{1, 2, 3, 100}) {
    const Read read = read_skipping({nothing, a, header, b, nothing, packed, header}, batch);
    CHECK(read.cities == std::vector<std::uint32_t>{1, 2, 3, 5, 6});
    CHECK(read.bad == std::vector<std::size_t>{3});
    CHECK(contains(read.reasons, b + ":3: column \"click\""));
  }
  CHECK(failure_of([&] { read_skipping({a, dir / "none.csv"}, 1); }).code == ErrorCode::io);
}

TEST_CASE("several files: the truth is in all or in the first not") {
  const TempDirectory dir;
  const Schema config = small_config();
  const Encoders encoders(config);
  const std::string with = dir.file("with.csv", "city,age,tags,click,true_click\n1,1,1,0,0.5\n");
  const std::string without = dir.file("without.csv", "city,age,tags,click\n1,1,1,0\n");
  Batch batch;
  RowReader reader(config, encoders, {without, with}, {Labels::required});
  CHECK((reader.read(1, batch) == 1 && batch.truth[0].empty()));
  CHECK((reader.read(1, batch) == 1 && batch.truth[0].empty()));
  RowReader other(config, encoders, {with, without}, {Labels::required});
  CHECK((other.read(1, batch) == 1 && batch.truth[0].size() == 1));
  CHECK(contains(failure_of([&] { other.read(1, batch); }).message, "column \"true_click\" is missing"));
}

TEST_CASE("kept columns and groups") {
  const TempDirectory dir;
  Schema config = small_config();
  config.group = "user";
  config.csv.missing = {"NA"};
  const Encoders encoders(config);
  const std::string path = dir.file("a.csv",
                                    "city,age,tags,click,user,note\n1,1,,0,u,\"x,\"\"y\"\nx,1,,0,u,bad\n2,2,,"
                                    "1,v,\n3,3,,1,u,z\n4,4,,0,NA,\n5,5,,0,,\n");
  RowReader reader(config, encoders, {path}, {Labels::required, true, true, {"note", "user"}});
  Batch batch;
  REQUIRE(reader.read(10, batch) == 6);
  CHECK(batch.groups == std::vector<std::uint32_t>{0, 1, 0, kNoGroup, kNoGroup});
  CHECK(reader.kept(0, 0) == "x,\"y");
  CHECK(reader.kept(0, 1) == "u");
  CHECK(reader.kept(2, 0) == "z");
  CHECK(reader.kept(3, 1) == "NA");
  const auto keeping = [&](const std::string& name) {
    return failure_of([&] { RowReader(config, encoders, {path}, {Labels::ignored, false, false, {name}}); });
  };
  CHECK(contains(keeping("nte").message, "a.csv:1: column \"nte\" is missing (to keep)"));
}

}  // namespace
}  // namespace dcrnn::data
