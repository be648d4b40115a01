// The log of a training run, read back.
#include "compare/training_log.hpp"

#include <doctest/doctest.h>

using namespace dcrnn;

namespace {

std::string line(int epoch, double rate, double auc, const std::string& more = "") {
  return R"({"epoch": )" + std::to_string(epoch) + R"(, "rows_per_second": )" + std::to_string(rate) +
         R"(, "valid": {"x": {"auc": )" + std::to_string(auc) + R"(, "logloss": 0.5}})" + more + "}\n";
}

}  // namespace

TEST_CASE("an epoch told twice counts as last told") {
  const auto log = compare::parse_training_log(R"({"config": {"train": {}}})"
                                               "\n"
                                               R"({"epoch": 0, "loss": 0.7})"
                                               "\n" +
                                                   line(1, 10, 0.5) + line(2, 20, 0.6) +
                                                   R"({"resumed": {"epoch": 2, "rows": 0}})"
                                                   "\n" +
                                                   line(2, 30, 0.75) +
                                                   R"({"stopped": "finished", "best_epoch": 2})"
                                                   "\n",
                                               "log");
  REQUIRE(log.ok());
  REQUIRE(log->members.size() == 1);
  CHECK(log->members[0].epochs.size() == 2);
  CHECK(log->members[0].best_epoch == 2);
  CHECK(log->rows_per_second() == 20);
  CHECK(*compare::watched(*log) == 0.75);
}

TEST_CASE("members have epochs of their own, and what is watched is their mean") {
  const auto log = compare::parse_training_log(
      R"({"config": {"train": {"early_stopping": {"metric": "auc"}}}})"
      "\n" +
          line(1, 10, 0.5, R"(, "member": 0)") + line(2, 10, 0.25, R"(, "member": 0)") +
          line(1, 40, 0.75, R"(, "member": 1)") +
          R"({"stopped": "early_stopping", "best_epoch": 1, "member": 0})"
          "\n"
          R"({"stopped": "finished", "best_epoch": 1, "member": 1})"
          "\n",
      "log");
  REQUIRE(log.ok());
  REQUIRE(log->members.size() == 2);
  CHECK((log->members[0].epochs.size() == 2 && log->members[1].epochs.size() == 1));
  CHECK(*compare::watched(*log) == 0.625);
  CHECK(log->rows_per_second() == 20);
}

TEST_CASE("a run that has not ended has nothing to be chosen by, and no log is refused") {
  const auto log = compare::parse_training_log(line(1, 10, 0.5), "log");
  REQUIRE(log.ok());
  CHECK_FALSE(compare::watched(*log));
  for (const char* text : {"x", "[]\n{", R"({"epoch": 1, "rows_per_second": 1, "member": 7})"}) {
    const auto bad = compare::parse_training_log(text, "a.jsonl");
    REQUIRE_FALSE(bad.ok());
    CHECK(bad.error().code == ErrorCode::data);
    CHECK(bad.error().message.starts_with("a.jsonl:"));
  }
}
