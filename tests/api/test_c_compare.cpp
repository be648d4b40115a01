// dcrnn_compare: the figures of `dcrnn compare`, and jobs that are none. tests/python compares it with the
// program.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dcrnn/dcrnn.h"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;

namespace {

/// A job of one small row, with what its pointers point to.
struct Compare {
  Compare() {
    std::size_t seed = 1;
    for (const char* name : {"train.csv", "valid.csv", "test.csv"}) {
      test::write_text(scratch.file(name), test::SmallTable(80, seed++).csv());
    }
    job.size = sizeof job;
    job.config_json = config.c_str();
    job.train = &train_file;
    job.valid = &valid_file;
    job.test = &test_file;
    job.train_count = job.valid_count = job.test_count = 1;
    job.rows = rows.data();
    job.row_count = rows.size();
    job.seeds = 1;
    job.threads = 2;
    job.out = out.c_str();
  }
  dcrnn_status operator()() {
    dcrnn_bytes_free(json);
    return dcrnn_compare(&job, &json, &error);
  }
  ~Compare() { dcrnn_bytes_free(json); }

  test::ScratchDirectory scratch;
  const std::string config = test::learned_config(R"("epochs": 1, "batch": 16)");
  const std::string train = scratch.file("train.csv"), valid = scratch.file("valid.csv"),
                    judged = scratch.file("test.csv"), out = scratch.file("out");
  const char *train_file = train.c_str(), *valid_file = valid.c_str(), *test_file = judged.c_str();
  std::vector<dcrnn_compare_row> rows = {{sizeof(dcrnn_compare_row), "hard", nullptr, nullptr, 0},
                                         {sizeof(dcrnn_compare_row), "mine", config.c_str(), nullptr, 0}};
  dcrnn_compare_job job{};
  dcrnn_bytes* json = nullptr;
  dcrnn_error error{};
};

}  // namespace

TEST_CASE("C: a comparison, stopped and gone on with") {
  Compare compare;
  compare.job.on_progress = [](const dcrnn_compare_progress* now, void*) { return int{now->done == 0}; };
  CHECK(compare() == DCRNN_STOPPED);
  CHECK(compare.json == nullptr);
  compare.job.on_progress = nullptr;
  REQUIRE_MESSAGE(compare() == DCRNN_OK, compare.error.message);
  const auto table = nlohmann::json::parse(dcrnn_bytes_data(compare.json));
  CHECK(table["seeds"] == 1);
  CHECK(table["rows"]["hard"]["tasks"]["click"]["auc"].size() == 1);
  CHECK(table["rows"]["mine"]["equal"] == false);
}

TEST_CASE("C: no comparison") {
  Compare compare;
  CHECK(dcrnn_compare(nullptr, &compare.json, &compare.error) == DCRNN_USAGE);
  CHECK(dcrnn_compare(&compare.job, nullptr, &compare.error) == DCRNN_USAGE);
  const auto refused = [&](dcrnn_status status, auto&& spoil) {
    const dcrnn_compare_job kept = compare.job;
    const std::vector<dcrnn_compare_row> rows = compare.rows;
    spoil();
    const bool right = compare() == status && compare.json == nullptr && compare.error.message[0] != '\0';
    compare.job = kept;
    std::copy(rows.begin(), rows.end(), compare.rows.begin());
    return right;
  };
  CHECK(refused(DCRNN_USAGE, [&] { compare.job.size = 8; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.job.config_json = nullptr; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.job.config_json = "{"; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.job.out = nullptr; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.job.valid_count = 0; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.job.test = nullptr; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.job.rows = nullptr; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.job.equal = "width"; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.job.isa = "none"; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.rows[0].size = 8; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.rows[0].name = nullptr; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.rows[0].name = "mine"; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.rows[1].name = "a/b"; }));
  CHECK(refused(DCRNN_USAGE, [&] { compare.rows[1].files = &compare.test_file; }));
  const std::string other = compare.scratch.file("other");
  compare.train_file = "/absent";
  CHECK(refused(DCRNN_IO, [&] { compare.job.out = other.c_str(); }));
}
