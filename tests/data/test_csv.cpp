#include <chrono>
#ifdef DCRNN_HAS_ZSTD
#include <zstd.h>
#endif

#include "data/csv.hpp"
#include "support.hpp"

namespace dcrnn::data {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// Header and rows of a file.
Rows read_all(const std::string& path) {
  CsvReader csv(path);
  Rows rows = {csv.header()};
  while (csv.next()) {
    rows.emplace_back();
    for (std::size_t i = 0; i < csv.header().size(); ++i) rows.back().emplace_back(csv.cell(i));
  }
  CHECK_FALSE(csv.next());
  return rows;
}

#ifdef DCRNN_HAS_ZSTD
std::string zstd_of(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  REQUIRE_FALSE(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)));
  out.resize(ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size()));
  ZSTD_freeCCtx(context);
  return out;
}
#endif

const Rows kExpected = {{"a", "b"}, {"1", "x,y"}, {"", "two\nlines"}, {"3", "say \"hi\""}};

TEST_CASE("csv: quoting, line ends, byte order mark, last line, gzip all give the same cells") {
  const TempDirectory dir;
  const std::string lf = "a,b\n1,\"x,y\"\n,\"two\nlines\"\n3,\"say \"\"hi\"\"\"";
  const std::string crlf = "a,b\r\n1,\"x,y\"\r\n,\"two\nlines\"\r\n3,\"say \"\"hi\"\"\"";
  for (const std::string& text : {lf, lf + "\n", lf + "\n\n", lf + "\n\r\n\n", crlf, crlf + "\r\n"}) {
    for (const std::string& start : {std::string(), std::string("\xEF\xBB\xBF")}) {
      CHECK(read_all(dir.file("plain.csv", start + text)) == kExpected);
      CHECK(read_all(dir.file("packed.csv", gzipped(start + text))) == kExpected);
    }
  }
  const std::string two_members = gzipped(lf.substr(0, 9)) + gzipped(lf.substr(9));
  CHECK(read_all(dir.file("members.csv", two_members)) == kExpected);
}

TEST_CASE("csv: small shapes") {
  const TempDirectory dir;
  for (const std::string& nothing : {std::string(), std::string("\xEF\xBB\xBF"), gzipped("")}) {
    CsvReader csv(dir.file("0", nothing));
    CHECK((csv.empty() && csv.header().empty() && !csv.next()));
  }
  CHECK(read_all(dir.file("1", "a")) == Rows{{"a"}});
  CHECK(read_all(dir.file("2", "a,\n,\n\"\",\"\"\n")) == Rows{{"a", ""}, {"", ""}, {"", ""}});
  CHECK(read_all(dir.file("3", "a\n\"\"\n\"\"")) == Rows{{"a"}, {""}, {""}});
  CHECK(read_all(dir.file("4", "a\n \n\"\"\"\"\n")) == Rows{{"a"}, {" "}, {"\""}});
  CHECK(read_all(dir.file("5", "\"a,\"\"b\",\xC3\xA9\xF0\x9F\x98\x80\n\"\r\n\",x\n")) ==
        Rows{{"a,\"b", "\xC3\xA9\xF0\x9F\x98\x80"}, {"\r\n", "x"}});
}

/// Cells of every length and kind, so that each special byte falls on every place of a block and of the
/// buffer.
TEST_CASE("csv: a long file of random cells reads back") {
  const TempDirectory dir;
  std::uint64_t state = 7;
  const auto random = [&state](std::uint64_t n) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % n;
  };
  Rows rows = {{"a", "b", "c"}};
  std::string text = "a,b,c\n";
  for (int row = 0; row < 40000; ++row) {
    rows.emplace_back();
    for (int column = 0; column < 3; ++column) {
      std::string cell, written;
      const std::uint64_t length = random(100) == 0 ? random(3000) : random(40);
      const bool in_quotes = random(3) == 0;
      for (std::uint64_t i = 0; i < length; ++i) {
        const std::string piece = in_quotes ? std::string(1, "a,\"\n\r "[random(6)]) : "x";
        cell += piece;
        written += piece == "\"" ? "\"\"" : piece;
      }
      rows.back().push_back(cell);
      text += in_quotes ? '"' + written + '"' : written;
      text += column < 2 ? "," : random(2) == 0 ? "\n" : "\r\n";
    }
  }
  REQUIRE(text.size() > (std::size_t{3} << 20));
  CHECK(read_all(dir.file("plain.csv", text)) == rows);
  CHECK(read_all(dir.file("packed.csv.gz", gzipped(text))) == rows);
}

TEST_CASE("csv: errors name file, physical line and column") {
  struct Case {
    std::string bytes, place, what;
  };
  const std::string nul(1, '\0');
  const std::vector<Case> cases = {
      {"\n1\n", ":1: ", "header is blank"},
      {"a,b,a\n", ":1: ", "column \"a\" stands twice in the header, as column 1 and 3"},
      {"a,b\n1,2\n1\n", ":3: ", "found 1 cell, the header has 2"},
      {"a,b\n1,2,3,4\n", ":2: ", "found 4 cells, the header has 2"},
      {"a,b\n1,2\n1,\"x\n\ny\n", ":3: column \"b\": ", "a quote is opened here and never closed"},
      {"a,b\n\"x\ny\",\"z\nq\n", ":3: column \"b\": ", "never closed"},
      {"a,b\n\"1\"2,3\n", ":2: column \"a\": ", "text after the closing quote"},
      {"a,b\n\"1\n\" ,3\n", ":3: column \"a\": ", "text after the closing quote"},
      {"a,b\n1,x\"y\"\n", ":2: column \"b\": ", "a quote inside a cell"},
      {"a,b\n1," + nul + "\n", ":2: column \"b\": ", "a NUL byte"},
      {"a,b\n1,\"" + nul + "\"\n", ":2: column \"b\": ", "a NUL byte"},
      {"a,b\n1,\"2\"" + nul + "\n", ":2: column \"b\": ", "text after the closing quote"},
      {"a" + nul + ",b\n", ":1: ", "a NUL byte"},
      {"a,b\n1,x\ry\n", ":2: column \"b\": ", "carriage return"},
      {"a,b\r1,2\r", ":1: ", "carriage return"},
      {"a,b\n1,2\r", ":2: ", "carriage return"},
      {"a,b\n1,\"\n\xFF\"\n", ":3: column \"b\": ", "\"\\xFF\" is not UTF-8"},
      {"a,b\n\xC0\x80,1\n", ":2: column \"a\": ", "is not UTF-8"},      // overlong
      {"a,b\n\xED\xA0\x80,1\n", ":2: column \"a\": ", "is not UTF-8"},  // surrogate
      {"a,b\n1,\xE2\x82", ":2: column \"b\": ", "is not UTF-8"},        // cut off
      {"a\xFF,b\n", ":1: ", "is not UTF-8"},
      {"a,b\n1,2\n\n3,4\n", ":3: ", "blank line"},
      {"a\n1\n\n3\n", ":3: ", "blank line"},
      {"a\n" + std::string(CsvReader::kLongestRow + 1, 'x') + "\n", ":2: ", "longer than 8 MiB"},
      {"a\n" + std::string(3 * CsvReader::kLongestRow, 'x'), ":2: ", "longer than 8 MiB"},
      {"a\n1\n\"" + std::string(3 * CsvReader::kLongestRow, 'x'), ":3: ", "never closed"},
  };
  const TempDirectory dir;
  for (const Case& one : cases) {
    const std::string path = dir.file("bad.csv", one.bytes);
    const Error error = failure_of([&] { read_all(path); });
    INFO(one.bytes.substr(0, 40), " -> ", error.message);
    CHECK(error.code == ErrorCode::data);
    CHECK(contains(error.message, path + one.place));
    CHECK(contains(error.message, one.what));
    CHECK_FALSE(contains(error.message + error.help, "\n"));
    CHECK_FALSE(error.help.empty());
  }
}

TEST_CASE("csv: broken gzip") {
  const TempDirectory dir;
  std::string text = "a,b\n";
  for (int i = 0; i < 5000; ++i) text += std::to_string(i * 7919 % 10007) + ",x\n";
  const std::string good = gzipped(text);
  std::string wrong_sum = good, wrong_middle = good;
  wrong_sum[wrong_sum.size() - 6] ^= 1;
  for (std::size_t i = 0; i < 20; ++i) wrong_middle[wrong_middle.size() / 2 + i] ^= 0x55;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {good.substr(0, good.size() - 1), "ends too early"},
      {good.substr(0, 5), "ends too early"},
      {good + "x", "follows the end"},
      {wrong_sum, "broken gzip data"},
      {wrong_middle, "broken gzip data"},
      {good + good.substr(0, 9), "ends too early"},
  };
  for (const auto& [bytes, what] : cases) {
    const std::string path = dir.file("bad.csv.gz", bytes);
    const Error error = failure_of([&] { read_all(path); });
    INFO(error.message);
    CHECK(error.code == ErrorCode::data);
    CHECK(contains(error.message, path));
    CHECK(contains(error.message, what));
  }
}

TEST_CASE("csv: zeros may pad gzip data, nothing else may") {
  const TempDirectory dir;
  const std::string text = "a,b\n1,x\n", packed = gzipped(text);
  const Rows rows = {{"a", "b"}, {"1", "x"}};
  for (const std::size_t zeros : std::vector<std::size_t>{1, 511, 300000}) {
    CHECK(read_all(dir.file("padded.csv.gz", packed + std::string(zeros, '\0'))) == rows);
    CHECK(read_all(dir.file("two.csv.gz", packed + gzipped("") + std::string(zeros, '\0'))) == rows);
    for (const std::string& more : {std::string("x"), packed}) {
      const std::string path = dir.file("more.csv.gz", packed + std::string(zeros, '\0') + more);
      CHECK(contains(failure_of([&] { read_all(path); }).message, "something that is not gzip follows"));
    }
  }
}

TEST_CASE("csv: zstd is read where the build can, and named where it cannot") {
  const TempDirectory dir;
  std::string text = "a,b\n";
  for (long i = 0; i < 400000; ++i) text += std::to_string(i * 7919 % 10007) + ",x\n";
#ifdef DCRNN_HAS_ZSTD
  const Rows rows = read_all(dir.file("plain.csv", text));
  const std::string packed = zstd_of(text);
  CHECK(read_all(dir.file("one.csv.zst", packed)) == rows);
  CHECK(read_all(dir.file("two.csv.zst", zstd_of(text.substr(0, 777)) + zstd_of(text.substr(777)))) == rows);
  std::string damaged = packed;
  damaged.back() ^= 0x55;  // of the checksum
  for (const auto& [bytes, what] :
       {std::pair(packed.substr(0, packed.size() - 1), "the zstd data ends too early"),
        std::pair(packed.substr(0, 5), "the zstd data ends too early"),
        std::pair(packed + "x", "broken zstd data"), std::pair(damaged, "broken zstd data")}) {
    const std::string path = dir.file("bad.csv.zst", bytes);
    const Error error = failure_of([&] { read_all(path); });
    INFO(error.message);
    CHECK(error.code == ErrorCode::data);
    CHECK(contains(error.message, path + ": "));
    CHECK(contains(error.message, what));
  }
#else
  const Error error = failure_of([&] { read_all(dir.file("a.csv.zst", "\x28\xB5\x2F\xFD" + text)); });
  CHECK(contains(error.message, "a.csv.zst: not CSV text but Zstandard-compressed data (zstd)"));
  CHECK(contains(error.help, "zstd -dc FILE"));
#endif
}

TEST_CASE("csv: what is compressed twice, or no text at all, is named") {
  const TempDirectory dir;
  for (const auto& [bytes, name] :
       {std::pair(gzipped(gzipped("a,b\n")), "gzip-compressed data"),
        std::pair(std::string("PK\x03\x04\x14"), "a zip archive"), std::pair(gzipped("{\"a\": 1}\n"), "JSON"),
        std::pair(std::string("<!doctype html>\n"), "an HTML page")}) {
    const std::string path = dir.file("a.csv", bytes);
    const Error error = failure_of([&] { read_all(path); });
    CHECK(error.code == ErrorCode::data);
    CHECK(contains(error.message, std::string("a.csv: not CSV text but ") + name));
  }
}

TEST_CASE("csv: a file that is not there is Failure(io)") {
  const TempDirectory dir;
  CHECK(failure_of([&] { CsvReader(dir / "none.csv"); }).code == ErrorCode::io);
}

TEST_CASE("csv: throughput") {
  const TempDirectory dir;
  std::string text = "a,b,c,d,e,f\n";
  while (text.size() < (std::size_t{32} << 20)) text += "17,Not in universe,0.25,United-States,?,94\n";
  const std::string path = dir.file("long.csv", text);
  const auto start = std::chrono::steady_clock::now();
  CsvReader csv(path);
  std::size_t rows = 0;
  while (csv.next()) ++rows;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  CHECK(rows == (text.size() - 12) / 43);
  MESSAGE("plain CSV: " << static_cast<double>(text.size()) / 1e6 / seconds << " MB/s");
}

}  // namespace
}  // namespace dcrnn::data
