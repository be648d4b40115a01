// Gradients against central differences for every combination of model options.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "kernels/table.hpp"
#include "model/gradcheck.hpp"
#include "train/config.hpp"

namespace dcrnn {

namespace {

/// All fields that x0 can have.
constexpr const char* kFields = R"([
  {"name": "user", "type": "category", "encoding": "id", "size": 9, "dim": 3},
  {"name": "item", "type": "category", "encoding": "vocab", "dim": 2},
  {"name": "tags", "type": "bag", "encoding": "id", "size": 9, "dim": 2, "pool": "mean"},
  {"name": "words", "type": "bag", "encoding": "hash", "size": 9, "dim": 1, "pool": "sum"},
  {"name": "age", "type": "number", "transform": "none"},
  {"name": "age_bucket", "column": "age", "type": "number", "transform": "buckets", "bins": 6, "dim": 2}])";

struct Totals {
  std::size_t checked = 0, kinked = 0;
};

/// Checks all elements of a config whose model part (after the fields) is `model`.
void check(const std::string& model, Totals& totals) {
  const std::string json = std::string("{\"fields\": ") + kFields + ", " + model + "}";
  CAPTURE(json);
  const Config config = parse_config(json, "config");
  const auto results =
      model::gradcheck(config.model, config.train.dropout, kernels::table<double>(Isa::reference),
                       {.seed = 5, .rows = 6, .elements = 10});
  for (const model::GradcheckTensor& tensor : results) {
    CAPTURE(tensor.name);
    CAPTURE(tensor.worst_index);
    CAPTURE(tensor.analytic);
    CAPTURE(tensor.numeric);
    CHECK(tensor.finite);
    CHECK(tensor.checked + tensor.kinked > 0);
    CHECK(tensor.rounded == 0);
    CHECK(tensor.worst_error <= model::kGradcheckTolerance);
    totals.checked += tensor.checked;
    totals.kinked += tensor.kinked;
  }
}

const std::vector<std::string> kTasks = {
    R"("tasks": [{"name": "a", "label": "a"}])",
    R"("tasks": [{"name": "a", "label": "a"}, {"name": "b", "label": "b", "after": "a", "weight": 0.3}], "weight": "w")",
    R"("tasks": [{"name": "a", "label": "a"}, {"name": "b", "label": "b", "after": "a"},
                 {"name": "c", "label": "c", "after": "b"}, {"name": "d", "label": "d", "after": "a"},
                 {"name": "e", "label": "e"}])"};

}  // namespace

TEST_CASE("cross layers: candidate, tied, number") {
  Totals totals;
  for (const char* candidate : {"cross", "tanh"}) {
    for (const char* tied : {"true", "false"}) {
      for (const char* layers : {"0", "1", "2", "4"}) {
        check(kTasks[1] + ", \"cross\": {\"candidate\": \"" + candidate + "\", \"tied\": " + tied +
                  ", \"layers\": " + layers +
                  "}, \"sharing\": [{\"shared\": 4, \"private\": 3}], \"tower\": [3]",
              totals);
      }
    }
  }
  CHECK(totals.kinked * 100 < totals.checked);
}

TEST_CASE("sharing, tower, transfer, probability") {
  Totals totals;
  const std::vector<std::string> sharing = {
      "[]",
      R"([{"shared": 4, "private": 3, "gate": "input"}])",
      R"([{"shared": 4, "private": 3, "gate": "static"}])",
      R"([{"shared": 4, "private": 3, "gate": "none"}])",
      R"([{"shared": 4, "private": 0, "gate": "none"}])",
      R"([{"shared": 4, "private": 0, "gate": "static"}])",
      R"([{"shared": 0, "private": 5}])",
      R"([{"shared": 4, "private": 2, "gate": "input"}, {"shared": 3, "private": 2, "gate": "static"},
          {"shared": 0, "private": 4}])"};
  for (const std::string& tasks : kTasks) {
    for (const std::string& blocks : sharing) {
      for (const char* tower : {"[]", "[4, 3]"}) {
        for (const char* rest : {R"("transfer": "gru", "probability": "chain")",
                                 R"("transfer": "none", "probability": "independent")"}) {
          check(tasks + ", \"cross\": {\"layers\": 1}, \"sharing\": " + blocks + ", \"tower\": " + tower +
                    ", " + rest,
                totals);
        }
      }
    }
  }
  CHECK(totals.kinked * 100 < totals.checked);
}

TEST_CASE("sixteen tasks in one chain") {
  std::string tasks = "\"tasks\": [{\"name\": \"t0\", \"label\": \"t0\"}";
  for (int t = 1; t < 16; ++t) {
    const std::string name = "t" + std::to_string(t);
    tasks += ", {\"name\": \"" + name + "\", \"label\": \"" + name + "\", \"after\": \"t" +
             std::to_string(t - 1) + "\"}";
  }
  Totals totals;
  check(
      tasks + "], \"cross\": {\"layers\": 1}, \"sharing\": [{\"shared\": 3, \"private\": 2}], \"tower\": [2]",
      totals);
  CHECK(totals.kinked * 100 < totals.checked);
}

TEST_CASE("dropout with its mask held") {
  Totals totals;
  for (const char* candidate : {"cross", "tanh"}) {
    check(kTasks[1] + ", \"cross\": {\"candidate\": \"" + candidate +
              "\", \"layers\": 2}, \"sharing\": [{\"shared\": 4, \"private\": 3}], \"tower\": [4], "
              "\"train\": {\"dropout\": {\"input\": 0.2, \"sharing\": 0.3, \"tower\": 0.4}}",
          totals);
  }
  CHECK(totals.kinked * 100 < totals.checked);
}

TEST_CASE("the calibrator, learned log variances, pcgrad") {
  Totals totals;
  for (const std::string& tasks : kTasks) {
    for (
        const char* loss :
        {R"("probability": "independent", "calibrator": 0.6)", R"("weighting": "uncertainty")",
         R"("probability": "independent", "calibrator": 2, "weighting": "uncertainty", "gradients": "pcgrad")"}) {
      check(tasks + ", " + loss +
                R"(, "cross": {"layers": 1}, "sharing": [{"shared": 4, "private": 3}], "tower": [3])",
            totals);
    }
  }
  CHECK(totals.kinked * 100 < totals.checked);
}

}  // namespace dcrnn
