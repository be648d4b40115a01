// What a run tells of the tasks' gradients, whether or not it was stopped in between.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/table.hpp"
#include "tests/scratch.hpp"
#include "train/config.hpp"
#include "train/fit.hpp"
#include "train/interference.hpp"

namespace dcrnn::train {

namespace {

/// Rows of a number x, on whose side of 0 the tasks never agree.
class Rows : public BatchSource {
 public:
  std::size_t rows() const override { return 12; }
  void read(const std::size_t* index, std::size_t count, Batch& batch) override {
    batch.rows = count;
    batch.columns.assign(1, {});
    batch.labels.assign(2, {});
    for (std::size_t i = 0; i < count; ++i) {
      batch.columns[0].ids.push_back(static_cast<std::uint32_t>(index[i]));
      batch.labels[0].push_back(index[i] % 2 == 0);
      batch.labels[1].push_back(index[i] % 2 == 1);
    }
  }
};

struct Told {
  std::vector<InterferenceReport> epochs;
  std::vector<float> parameters;
};

/// A run over two epochs of six steps each, stopped after `steps` and taken up again; 0: never.
Told run(const std::string& gradients, std::size_t every, std::size_t steps) {
  const Config config =
      parse_config(R"({"fields": [{"name": "x", "type": "category", "encoding": "id",
      "size": 12, "dim": 4}], "tasks": [{"name": "a"}, {"name": "b"}], "cross": {"layers": 1},
      "sharing": [{"shared": 4, "private": 2}], "tower": [3], "gradients": ")" +
                       gradients + R"(", "train": {"batch": 2, "epochs": 2, "interference": )" +
                       std::to_string(every) + "}}",
                   "config");
  const std::size_t table_rows = 12;
  const model::ParameterTable table(config.model, {&table_rows, 1});
  const test::ScratchDirectory scratch;
  Told told;
  Rows rows;
  for (const bool again : {false, true}) {
    if (again && steps == 0) break;
    told.parameters.assign(table.total(), 0);
    model::initialize(table, 1, 0.5, told.parameters);
    FitOptions options;
    options.checkpoint = scratch.file("checkpoint");
    options.resume = again;
    options.config_json = to_json(config);
    options.order = [](std::uint64_t, std::uint64_t epoch, std::size_t n, std::size_t position) {
      return (position * 5 + epoch) % n;
    };
    std::size_t done = 0;
    options.on_progress = [&](const JobProgress&) { return again || steps == 0 || ++done < steps; };
    options.on_epoch = [&](const EpochSummary& epoch) {
      REQUIRE(epoch.interference.has_value() == (every > 0));
      if (epoch.interference) told.epochs.push_back(*epoch.interference);
    };
    fit(config, table, told.parameters, rows, nullptr, kernels::table<float>(best_isa()), options);
  }
  return told;
}

}  // namespace

TEST_CASE("means over the steps looked at, the same after a stop") {
  for (const char* gradients : {"sum", "pcgrad"}) {
    CAPTURE(gradients);
    const Told whole = run(gradients, 4, 0);
    REQUIRE(whole.epochs.size() == 2);
    CHECK(whole.epochs[0].steps == 2);  // 0 and 4
    CHECK(whole.epochs[1].steps == 1);  // 8
    CHECK(whole.epochs[0].tasks == std::vector<std::string>{"a", "b"});
    for (const InterferenceReport& epoch : whole.epochs) {
      REQUIRE(epoch.norm.size() == 2);
      REQUIRE(epoch.cosine.size() == 4);
      CHECK(epoch.norm[0] > 0);
      CHECK(epoch.cosine[0] == 1);
      CHECK(epoch.cosine[1] == epoch.cosine[2]);
      CHECK(epoch.negative[0] == 0);
    }
    for (const std::size_t stop : {1U, 5U, 6U, 7U, 9U}) {
      CAPTURE(stop);
      const Told resumed = run(gradients, 4, stop);
      CHECK(resumed.parameters == whole.parameters);
      REQUIRE(resumed.epochs.size() == 2);
      for (std::size_t e = 0; e < 2; ++e) {
        CHECK(resumed.epochs[e].steps == whole.epochs[e].steps);
        CHECK(resumed.epochs[e].norm == whole.epochs[e].norm);
        CHECK(resumed.epochs[e].cosine == whole.epochs[e].cosine);
        CHECK(resumed.epochs[e].negative == whole.epochs[e].negative);
      }
    }
    CHECK(run(gradients, 0, 0).parameters == whole.parameters);
  }
}

TEST_CASE("pcgrad trains other parameters than the sum where tasks oppose each other") {
  CHECK(run("sum", 0, 0).parameters != run("pcgrad", 0, 0).parameters);
}

TEST_CASE("sums of two steps") {
  InterferenceSums sums(2);
  const std::vector<Task> tasks = {{"a", "a", kNoParent, 1}, {"b", "b", kNoParent, 1}};
  CHECK_FALSE(sums.report(tasks));
  sums.add({{1, 2}, {1, -0.5, -0.5, 1}});
  sums.add({{3, 4}, {1, 0.25, 0.25, 1}});
  const auto report = sums.report(tasks);
  REQUIRE(report);
  CHECK(report->steps == 2);
  CHECK(report->norm == std::vector<double>{2, 3});
  CHECK(report->cosine == std::vector<double>{1, -0.125, -0.125, 1});
  CHECK(report->negative == std::vector<double>{0, 0.5, 0.5, 0});
  sums.clear();
  CHECK_FALSE(sums.report(tasks));
}

}  // namespace dcrnn::train
