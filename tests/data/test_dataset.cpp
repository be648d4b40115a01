#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <numeric>
#include <thread>

#include "core/file.hpp"
#include "data/dataset.hpp"
#include "data/row_reader.hpp"
#include "data/shuffle.hpp"
#include "every_kind.hpp"
#include "support.hpp"

namespace dcrnn::data {
namespace {

bool equal(const Batch& a, const Batch& b) {
  if (a.rows != b.rows || a.columns.size() != b.columns.size() || a.labels != b.labels) return false;
  if (a.weights != b.weights) return false;
  for (std::size_t f = 0; f < a.columns.size(); ++f) {
    const BatchColumn &x = a.columns[f], &y = b.columns[f];
    if (x.ids != y.ids || x.offsets != y.offsets || x.values != y.values) return false;
  }
  return true;
}

std::vector<std::size_t> range(std::size_t begin, std::size_t count) {
  std::vector<std::size_t> index(count);
  std::iota(index.begin(), index.end(), begin);
  return index;
}

/// The rows of a source equal those that RowReader gives for the files.
void check_rows(const Schema& config, const Encoders& encoders, BatchSource& source,
                const std::vector<std::string>& paths) {
  Batch read, cached;
  std::size_t row = 0;
  for (const std::string& path : paths) {
    RowReader reader(config, encoders, {path}, {RowReader::Labels::required});
    while (reader.read(37, read) > 0) {
      source.read(range(row, read.rows).data(), read.rows, cached);
      REQUIRE(equal(read, cached));
      row += read.rows;
    }
  }
  CHECK(row == source.rows());
}

TEST_CASE("dataset: cached rows are the rows of the files, training and validation") {
  const TempDirectory dir;
  const Schema config = every_kind();
  const std::vector<std::string> train = {dir.file("a.csv", every_kind_csv(700, 1)),
                                          dir.file("b.csv.gz", gzipped(every_kind_csv(500, 2)))};
  const std::vector<std::string> valid = {dir.file("v.csv", every_kind_csv(300, 3))};
  TrainingData data = build_training_data(config, train, dir / "cache", {});
  CHECK_FALSE(data.dataset.from_cache);
  CHECK(data.dataset.rows->rows() == 1200);
  check_rows(config, data.encoders, *data.dataset.rows, train);
  Dataset further = build_dataset(config, data.encoders, valid, dir / "cache", {});
  CHECK(further.rows->rows() == 300);
  check_rows(config, data.encoders, *further.rows, valid);
  CHECK(files_in(dir / "cache") == 2);  // no scratch file is left

  // Again, from the cache: the same rows, encoders and fingerprints.
  TrainingData again = build_training_data(config, train, dir / "cache", {});
  CHECK(again.dataset.from_cache);
  CHECK(again.dataset.fingerprint == data.dataset.fingerprint);
  check_rows(config, again.encoders, *again.dataset.rows, train);
  Dataset further_again = build_dataset(config, again.encoders, valid, dir / "cache", {});
  CHECK(further_again.from_cache);
  CHECK(further_again.fingerprint == further.fingerprint);
  check_rows(config, again.encoders, *further_again.rows, valid);
}

TEST_CASE("dataset: rows in any order, repeated, none") {
  const TempDirectory dir;
  const Schema config = every_kind();
  const std::string path = dir.file("a.csv", every_kind_csv(500, 5));
  TrainingData data = build_training_data(config, {path}, dir / "cache", {});
  Batch all, some, one;
  data.dataset.rows->read(range(0, 500).data(), 500, all);
  std::vector<std::size_t> index;
  for (std::size_t i = 0; i < 500; ++i) index.push_back(shuffled(1, 1, 500, i));
  index.push_back(index[0]);
  data.dataset.rows->read(index.data(), index.size(), some);
  for (std::size_t i = 0; i < index.size(); ++i) {
    data.dataset.rows->read(&index[i], 1, one);
    CHECK(one.labels[1][0] == all.labels[1][index[i]]);
    CHECK(one.columns[1].values[0] == some.columns[1].values[i]);
    const BatchColumn &wanted = all.columns[2], &got = some.columns[2];
    const std::size_t count = got.offsets[i + 1] - got.offsets[i];
    REQUIRE(count == wanted.offsets[index[i] + 1] - wanted.offsets[index[i]]);
    for (std::size_t k = 0; k < count; ++k) {
      CHECK(got.ids[got.offsets[i] + k] == wanted.ids[wanted.offsets[index[i]] + k]);
    }
  }
  data.dataset.rows->read(nullptr, 0, one);
  CHECK(one.rows == 0);
  CHECK(one.columns[2].offsets == std::vector<std::uint32_t>{0});
}

TEST_CASE("dataset: a cache that is damaged or of other data is built anew") {
  const TempDirectory dir;
  const Schema config = every_kind();
  const std::string text = every_kind_csv(200, 9);
  const std::string path = dir.file("a.csv", text);
  const auto build = [&] { return build_training_data(config, {path}, dir / "cache", {}); };
  const std::uint64_t fingerprint = build().dataset.fingerprint;
  const std::string cache = std::filesystem::directory_iterator(dir / "cache")->path();
  const std::string good = read_file(cache);
  for (std::size_t at = 0; at < good.size(); at += 97) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x40);
    std::ofstream(cache, std::ios::binary) << bad;
    TrainingData data = build();
    INFO("byte ", at);
    CHECK_FALSE(data.dataset.from_cache);
    CHECK(data.dataset.fingerprint == fingerprint);
    REQUIRE(read_file(cache) == good);
  }
  for (std::size_t size :
       {std::size_t{0}, std::size_t{63}, std::size_t{128}, good.size() / 2, good.size() - 1}) {
    std::ofstream(cache, std::ios::binary) << good.substr(0, size);
    CHECK_FALSE(build().dataset.from_cache);
    CHECK(read_file(cache) == good);
  }
  std::ofstream(cache, std::ios::binary) << good + good;
  CHECK_FALSE(build().dataset.from_cache);
  CHECK(build().dataset.from_cache);

  dir.file("a.csv", text + text.substr(text.find('\n') + 1));
  CHECK_FALSE(build().dataset.from_cache);
  CHECK(build().dataset.fingerprint != fingerprint);
}

TEST_CASE("dataset: the fingerprint is of rows and schema, not of names, places or compression") {
  const TempDirectory dir;
  const Schema config = every_kind();
  const std::string text = every_kind_csv(200, 11);
  const auto fingerprint = [&](const Schema& model, const std::string& path, const std::string& cache) {
    return build_training_data(model, {path}, dir / cache, {}).dataset.fingerprint;
  };
  const std::uint64_t first = fingerprint(config, dir.file("a.csv", text), "c1");
  CHECK(fingerprint(config, dir.file("b.csv", text), "c2") == first);
  CHECK(fingerprint(config, dir.file("c.csv.gz", gzipped(text)), "c3") == first);
  Schema wider = config;
  wider.fields[0].dim = 99;
  CHECK(build_training_data(wider, {dir / "a.csv"}, dir / "c1", {}).dataset.from_cache);
  std::string flipped = text;
  flipped[flipped.size() - 4] = flipped[flipped.size() - 4] == '1' ? '2' : '1';  // a weight
  CHECK(fingerprint(config, dir.file("d.csv", flipped), "c1") != first);
  Schema other = config;
  other.fields[0].min_count = 3;
  CHECK(fingerprint(other, dir / "a.csv", "c1") != first);
  other = config;
  other.tasks[1].label = "click";
  CHECK(fingerprint(other, dir / "a.csv", "c1") != first);
}

TEST_CASE("dataset: further files remember what their cells were, also from the cache") {
  const TempDirectory dir;
  Schema config;
  config.fields = {category("w", Encoding::vocab), number("x", Transform::standardize)};
  config.tasks = {task("click")};
  const std::string train = dir.file("t.csv", "w,x,click\na,1,0\nb,2,1\n");
  const std::string valid = dir.file("v.csv", "w,x,click\na,,0\nnew,,1\n,3,1\n");
  const TrainingData training = build_training_data(config, {train}, dir / "cache", {});
  for (const bool cached : {false, true}) {
    const Dataset dataset = build_dataset(config, training.encoders, {valid}, dir / "cache", {});
    CHECK(dataset.from_cache == cached);
    REQUIRE(dataset.counts.size() == 2);
    CHECK(dataset.counts[0].cells == 3);
    CHECK(dataset.counts[0].empty == 1);
    CHECK(dataset.counts[0].values == 2);
    CHECK(dataset.counts[0].unknown == 1);
    CHECK(dataset.counts[1].empty == 2);
  }
}

TEST_CASE("dataset: two runs at once") {
  const TempDirectory dir;
  const Schema config = every_kind();
  const std::string path = dir.file("a.csv", every_kind_csv(3000, 13));
  std::array<std::uint64_t, 4> fingerprints{};
  std::array<std::size_t, 4> rows{};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      TrainingData data = build_training_data(config, {path}, dir / "cache", {});
      fingerprints[i] = data.dataset.fingerprint;
      rows[i] = data.dataset.rows->rows();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(fingerprints[i] == fingerprints[0]);
    CHECK(rows[i] == 3000);
  }
  CHECK(files_in(dir / "cache") == 1);
}

TEST_CASE("dataset: progress, and stopping leaves nothing behind") {
  const TempDirectory dir;
  const Schema config = every_kind();
  const std::string path = dir.file("a.csv", every_kind_csv(60000, 17));
  const std::uint64_t size = std::filesystem::file_size(path);
  std::vector<std::uint64_t> reports;
  const Progress count = [&](std::uint64_t done, std::uint64_t total) {
    CHECK(total == size);
    CHECK((reports.empty() || done >= reports.back()));
    reports.push_back(done);
    return true;
  };
  build_training_data(config, {path}, dir / "cache", count);
  CHECK(reports.size() >= 3);
  CHECK(reports.back() == size);
  for (std::size_t stop_at = 0; stop_at < reports.size(); ++stop_at) {
    std::filesystem::remove_all(dir / "cache");
    std::size_t calls = 0;
    const Progress stop = [&](std::uint64_t, std::uint64_t) { return calls++ < stop_at; };
    const Error error = failure_of([&] { build_training_data(config, {path}, dir / "cache", stop); });
    CHECK(error.code == ErrorCode::stopped);
    CHECK((!file_exists(dir / "cache") || files_in(dir / "cache") == 0));
  }
}

TEST_CASE("dataset: errors") {
  const TempDirectory dir;
  Schema config;
  config.fields = {number("x", Transform::standardize)};
  config.tasks = {task("click")};
  const auto error_of = [&](const std::string& bytes) {
    return failure_of([&] { build_training_data(config, {dir.file("t.csv", bytes)}, dir / "cache", {}); });
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"x,click\n1,0\noops,1\n", "t.csv:3: column \"x\": \"oops\" is not a number"},
      {"x,click\n1,yes\n", "t.csv:2: column \"click\": \"yes\" is not a label"},
      {"x,click\n", "t.csv: there is no row in it"},
      {"x\n1\n", "t.csv:1: column \"click\" is missing"},
      {"x,click\n1.7e308,0\n-1.7e308,0\n", "t.csv: column \"x\": its numbers are too large"},
      {"", "t.csv: there is no row in it"},
  };
  for (const auto& [bytes, what] : cases) {
    const Error error = error_of(bytes);
    INFO(error.message);
    CHECK(error.code == ErrorCode::data);
    CHECK(contains(error.message, what));
    CHECK(files_in(dir / "cache") == 0);
  }
  CHECK(failure_of([&] { build_training_data(config, {"-"}, dir / "cache", {}); }).code == ErrorCode::usage);

  // Of several files one must have rows, and a number must fit into a float.
  const std::string rows = dir.file("rows.csv", "x,click\n1,0\n2,1\n"),
                    none = dir.file("none.csv", "x,click\n"), nothing = dir.file("nothing.csv", "");
  const TrainingData first = build_training_data(config, {nothing, none, rows, none}, dir / "cache", {});
  CHECK(first.dataset.rows->rows() == 2);
  CHECK(build_dataset(config, first.encoders, {none, rows, nothing}, dir / "cache", {}).rows->rows() == 2);
  for (const std::vector<std::string>& empty : {std::vector{none, nothing}, std::vector{nothing, none}}) {
    const Error fitting = failure_of([&] { build_training_data(config, empty, dir / "cache", {}); });
    CHECK(contains(fitting.message, "there is no row in it and the 1 files after it"));
    CHECK(failure_of([&] { build_dataset(config, first.encoders, empty, dir / "cache", {}); }).message ==
          fitting.message);
  }
  config.fields = {number("x", Transform::none)};
  CHECK(contains(error_of("x,click\n1e39,0\n").message,
                 "t.csv:2: column \"x\": \"1e39\" is more than a float"));
  CHECK(failure_of([&] { build_training_data(config, {}, dir / "cache", {}); }).code == ErrorCode::usage);
  CHECK(failure_of([&] { build_training_data(config, {dir / "none"}, dir / "cache", {}); }).code ==
        ErrorCode::io);
  const std::string good = dir.file("good.csv", "x,click\n1,0\n2,1\n");
  TrainingData data = build_training_data(config, {good}, dir / "cache", {});
  const std::string header = dir.file("header.csv", "x,click\n");
  CHECK(failure_of([&] { build_dataset(config, data.encoders, {header}, dir / "cache", {}); }).code ==
        ErrorCode::data);
  CHECK(failure_of([&] { build_training_data(config, {header}, good + "/cache", {}); }).code ==
        ErrorCode::io);
}

/// The n-th write, sync or rename fails: Failure(io), and no half-written cache stays.
TEST_CASE("dataset: a full disk") {
  const TempDirectory dir;
  const Schema config = every_kind();
  const std::string path = dir.file("a.csv", every_kind_csv(3000, 19));
  int operations = 0;
  const auto run = [&](int failing) {
    std::filesystem::remove_all(dir / "cache");
    operations = 0;
    set_file_fault([&](FileOp op, const std::string&) {
      const bool writing = op == FileOp::write || op == FileOp::sync || op == FileOp::rename;
      return writing && operations++ == failing ? ENOSPC : 0;
    });
    const Error error = failure_of([&] { build_training_data(config, {path}, dir / "cache", {}); });
    set_file_fault(nullptr);
    return error;
  };
  REQUIRE(run(-1).message == "(no failure)");
  const int all = operations;
  REQUIRE(all > 3);
  for (int failing = 0; failing + 1 < all; ++failing) {  // the last one syncs the directory, after the rename
    const Error error = run(failing);
    CHECK(error.code == ErrorCode::io);
    CHECK(files_in(dir / "cache") == 0);
  }
}

}  // namespace
}  // namespace dcrnn::data
