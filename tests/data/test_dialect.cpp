// Files that other tools write: each dialect gives the cells that the plain file has, and a dialect that is
// wrong in one key is refused, with the line and the key.
#include "data/csv.hpp"
#include "data/dataset.hpp"
#include "data/row_reader.hpp"
#include "support.hpp"

namespace dcrnn::data {
namespace {

using Rows = std::vector<std::vector<std::string>>;

CsvDialect dialect(const std::string& separator, const std::string& quote = "\"",
                   const std::string& escape = "") {
  CsvDialect csv;
  csv.separator = separator;
  csv.quote = quote;
  csv.escape = escape;
  return csv;
}

/// Header and rows of a file.
Rows read_all(const std::string& path, const CsvDialect& csv_dialect) {
  CsvReader csv(path, csv_dialect);
  Rows rows = {csv.header()};
  while (csv.next()) {
    rows.emplace_back();
    for (std::size_t i = 0; i < csv.header().size(); ++i) rows.back().emplace_back(csv.cell(i));
  }
  return rows;
}

TEST_CASE("dialect: separators, quotes and escapes") {
  struct Case {
    CsvDialect csv;
    std::string text;
    Rows rows;
  };
  const std::vector<Case> cases = {
      {dialect(";"), "a;b\n1,5;\"x;y\"\n", {{"a", "b"}, {"1,5", "x;y"}}},
      {dialect("\t"), "a\tb\n1\tx,y\r\n\t\n", {{"a", "b"}, {"1", "x,y"}, {"", ""}}},
      {dialect("\x01"),
       "a\x01"
       "b\n1\x01\"2\"\n",
       {{"a", "b"}, {"1", "2"}}},
      {dialect(",", "'"), "'a','b'\n'it''s','say \"hi\"'\n", {{"a", "b"}, {"it's", "say \"hi\""}}},
      {dialect("\t", ""), "a\tb\n\"1\"2\t\"\n", {{"a", "b"}, {"\"1\"2", "\""}}},
      {dialect("\t", ""), "a\n\n", {{"a"}}},
      // Spark, DuckDB, Arrow: an escape before a quote, other backslashes are themselves.
      {dialect(",", "\"", "\\"),
       "a,b\n\"say \\\"hi\\\", \\\\ \\n\",C:\\dir\n",
       {{"a", "b"}, {"say \"hi\", \\ \\n", "C:\\dir"}}},
      // Python without doubling, MySQL: escapes outside quotes, too.
      {dialect(",", "\"", "\\"), "a,b\nx\\,y,p\\\"q\n", {{"a", "b"}, {"x,y", "p\"q"}}},
      {dialect("\t", "", "\\"),
       "a\tb\n1\\\t2\ttwo\\\nlines\nx\\\\\t\\N\n",
       {{"a", "b"}, {"1\t2", "two\nlines"}, {"x\\", "\\N"}}},
      {dialect(",", "\"", "\\"), "a,b\n\\\r\n,1\r\n", {{"a", "b"}, {"\r\n", "1"}}},
      {dialect(",", "\"", "\\"), "a,b\n1,x\\", {{"a", "b"}, {"1", "x\\"}}},
      // An escape that is the quote is doubling.
      {dialect(",", "\"", "\""), "a,b\n\"x\"\"y\",1\n", {{"a", "b"}, {"x\"y", "1"}}},
  };
  const TempDirectory dir;
  for (const Case& one : cases) {
    INFO(one.text);
    CHECK(read_all(dir.file("plain.csv", one.text), one.csv) == one.rows);
    CHECK(read_all(dir.file("packed.csv", gzipped(one.text)), one.csv) == one.rows);
  }
}

/// Escapes on every place of a block and of the buffer.
TEST_CASE("dialect: a long file of random cells reads back") {
  const TempDirectory dir;
  std::uint64_t state = 11;
  const auto random = [&state](std::uint64_t n) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % n;
  };
  const CsvDialect csv = dialect(";", "'", "\\");
  Rows rows = {{"a", "b"}};
  std::string text = "a;b\n";
  while (text.size() < (std::size_t{3} << 20)) {
    rows.emplace_back();
    for (int column = 0; column < 2; ++column) {
      std::string cell, written;
      const bool quoted = random(2) == 0;
      for (std::uint64_t i = random(random(50) == 0 ? 2000 : 40); i > 0; --i) {
        const char c = "aa;'\\\n"[random(6)];
        const bool escaped = c == '\'' || c == '\\' || (!quoted && (c == ';' || c == '\n'));
        cell += c;
        written += escaped ? std::string("\\") + c : std::string(1, c);
      }
      if (!quoted && cell.empty()) cell = written = "a";
      rows.back().push_back(cell);
      text += quoted ? "'" + written + "'" : written;
      text += column == 0 ? ";" : "\n";
    }
  }
  CHECK(read_all(dir.file("plain.csv", text), csv) == rows);
}

TEST_CASE("dialect: names of the columns from the config") {
  const TempDirectory dir;
  CsvDialect csv = dialect("\t");
  csv.header = {"label", "i1", "c1"};
  CHECK(read_all(dir.file("1.tsv", "1\t5\tx\n0\t\ty\n"), csv) ==
        Rows{csv.header, {"1", "5", "x"}, {"0", "", "y"}});
  CHECK(read_all(dir.file("2.tsv", ""), csv) == Rows{csv.header});
  const Error twice = failure_of([&] { read_all(dir.file("3.tsv", "label\ti1\tc1\n1\t5\tx\n"), csv); });
  CHECK(contains(twice.message, "3.tsv:1: the line holds the names of the columns, and so does csv.header"));
  const Error more = failure_of([&] { read_all(dir.file("4.tsv", "1\t5\tx\ty\n"), csv); });
  CHECK(contains(more.message, "4.tsv:1: found 4 cells, csv.header names 3"));
}

Schema small_config() {
  Schema config;
  config.fields = {category("city", Encoding::hash, 10), number("age", Transform::buckets, 2)};
  config.tasks = {task("click")};
  return config;
}

Error refused(const Schema& config, const std::string& text) {
  const TempDirectory dir;
  return failure_of([&] { build_training_data(config, {dir.file("t.csv", text)}, dir / "cache", {}); });
}

TEST_CASE("dialect: wrong in one key is refused with the line and the key") {
  struct Case {
    CsvDialect csv;
    std::string text, place, key;
  };
  CsvDialect named;
  named.header = {"city", "age", "click"};
  CsvDialect words;
  words.true_words = {"yes"};
  const std::vector<Case> cases = {
      {{}, "city;age;click\nx;1;0\n", ":1: ", "csv.separator \";\""},
      {{}, "city\tage\tclick\nx\t1\t0\n", ":1: ", "csv.separator \"\\t\""},
      {dialect(";"), "city,age,click\nx,1,0\n", ":1: ", "csv.separator \",\""},
      {{}, "\"city\";\"age\";\"click\"\nx;1;0\n", ":1: ", "csv.separator"},
      {{}, "city,age,click\nx;1;0\n", ":2: ", "csv.separator"},
      {{}, "city,age,click\n'x,y',1,0\n", ":2: ", "csv.quote"},
      {{}, "'city','age','click'\n'x','1','0'\n", ":1: ", "csv.quote \"'\""},
      {{}, "city,age,click\n'x','1','0'\n", ":2: column \"age\": ", "csv.quote"},
      {dialect(",", "'"), "\"city\",\"age\",\"click\"\n", ":1: ", "csv.quote \"\\\"\""},
      {dialect(",", "'"), "city,age,click\no'x,1,0\n", ":2: column \"city\": ", "csv.quote"},
      {dialect(",", ""), "city,age,click\n\"x,y\",1,0\n", ":2: ", "csv.quote"},
      {{}, "city,age,click\n\"x\\\"y\",1,0\n", ":2: column \"city\": ", "csv.escape"},
      {dialect(",", "\"", "\\"), "city,age,click\n\"x\"\"y\",1,0\n", ":2: column \"city\": ", "csv.escape"},
      {{}, "x,1,0\ny,2,1\n", ":1: ", "csv.header"},
      {{}, "0,1,0\ny,2,1\n", ":1: ", "csv.header"},
      {named, "city,age,click\nx,1,0\n", ":1: ", "csv.header"},
      {named, "age,city,click\n1,x,0\n", ":1: ", "csv.header, in another order"},
      {named, "1,x,0\n", ":1: column \"age\": ", "csv.header names this column, number 2"},
      {named, "x,1,0,y\n", ":1: ", "csv.header"},
      {named, "'x','1','0'\n", ":1: column \"age\": ", "csv.quote"},
      {named, "x,1,'0'\n", ":1: column \"click\": ", "csv.quote"},
      {{}, "city^age^click\nx^1^0\n", ":1: ", "csv.separator \"^\""},
      {{},
       "city\x01"
       "age\x01"
       "click\n",
       ":1: ",
       "csv.separator \"\\u0001\""},
      {{}, "sep=;\ncity;age;click\nx;1;0\n", ":1: ", "csv.separator \";\""},
      {{}, "city,age,click\nx,NA,0\n", ":2: column \"age\": ", "csv.missing"},
      {{}, "city,age,click\nx,1,NA\n", ":2: column \"click\": ", "csv.missing"},
      {{}, "city,age,click\nx,1,true\n", ":2: column \"click\": ", "csv.true"},
      {words, "city,age,click\nx,1,1\n", ":2: column \"click\": ", "csv.true"},
  };
  for (const Case& one : cases) {
    Schema config = small_config();
    config.csv = one.csv;
    const Error error = refused(config, one.text);
    INFO(one.text, " -> ", error.message, " / ", error.help);
    CHECK(error.code == ErrorCode::data);
    CHECK(contains(error.message, "t.csv" + one.place));
    CHECK(contains(error.message + error.help, one.key));
  }
}

TEST_CASE("dialect: a word for missing where nothing may be missing is named") {
  Schema config = small_config();
  config.fields = {category("city", Encoding::id, 10), number("age", Transform::none)};
  for (Field& field : config.fields) field.missing_words = {"NA"};
  CHECK(contains(refused(config, "city,age,click\n1,NA,0\n").message,
                 ":2: column \"age\": \"NA\" is a word for a missing value: the cell is empty"));
  CHECK(contains(refused(config, "city,age,click\nNA,1,0\n").message,
                 ":2: column \"city\": \"NA\" is a word for a missing value: the cell is empty"));
}

TEST_CASE("dialect: words for missing, 1 and 0") {
  const TempDirectory dir;
  Schema config = small_config();
  config.csv.missing = {"NA", "\\N"};
  config.csv.true_words = {"yes", "y"};
  config.csv.false_words = {"no"};
  for (Field& field : config.fields) field.missing_words = config.csv.missing;
  config.fields.push_back(config.fields[0]);
  config.fields[2].name = "country";
  config.fields[2].missing_words = {};
  const std::string with_words =
      dir.file("a.csv", "city,age,click\nNA,NA,yes\nx,3,no\n\\N,,NA\ny,4,\nz,\\N,y\n");
  config.fields[2].column = "city";
  const TrainingData words = build_training_data(config, {with_words}, dir / "cache", {});
  Batch found;
  RowReader(config, words.encoders, {with_words}, {RowReader::Labels::required}).read(9, found);
  CHECK(found.labels[0] == std::vector<std::int8_t>{1, 0, kMissingLabel, kMissingLabel, 1});

  Schema plain = small_config();
  const std::string without = dir.file("b.csv", "city,age,click\n,,1\nx,3,0\n,,\ny,4,\nz,,1\n");
  const TrainingData empty = build_training_data(plain, {without}, dir / "cache", {});
  Batch wanted;
  RowReader(plain, empty.encoders, {without}, {RowReader::Labels::required}).read(9, wanted);
  for (const std::size_t f : std::vector<std::size_t>{0, 1})
    CHECK(found.columns[f].ids == wanted.columns[f].ids);
  CHECK(found.labels == wanted.labels);
  // A field with words of its own keeps Namibia.
  CHECK(found.columns[2].ids[0] != found.columns[0].ids[0]);
  CHECK(found.columns[2].ids[1] == found.columns[0].ids[1]);
}

TEST_CASE("dialect: a cache belongs to its dialect") {
  const TempDirectory dir;
  Schema config = small_config();
  const std::string path = dir.file("a.csv", "city,age,click\nNA,1,0\nx,2,1\n");
  build_training_data(config, {path}, dir / "cache", {});
  CHECK(build_training_data(config, {path}, dir / "cache", {}).dataset.from_cache);
  config.fields[0].missing_words = {"NA"};
  CHECK_FALSE(build_training_data(config, {path}, dir / "cache", {}).dataset.from_cache);
}

}  // namespace
}  // namespace dcrnn::data
