// The best epoch and early stopping, on a validation set whose labels follow a script.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/table.hpp"
#include "train/config.hpp"
#include "train/fit.hpp"

namespace dcrnn::train {

namespace {

/// Labels of the four validation rows, '0' or '1', in the order of their scores.
using Labels = std::string;

// AUC 1, the second with the higher log loss: its second row has a low score.
const Labels kRight = "0011", kRightButUnsure = "0111";
// AUC 3/4, 1/2 and 1/4.
const Labels kGood = "0101", kEven = "0110", kBad = "1010";

/// Rows with one number x each and the labels of tasks "click" and "like".
class Rows : public BatchSource {
 public:
  explicit Rows(std::vector<double> x) : x_(std::move(x)), labels_(2, Labels(x_.size(), '1')) {}
  void set_labels(const Labels& click, const Labels& like) { labels_ = {click, like}; }

  std::size_t rows() const override { return x_.size(); }
  void read(const std::size_t* index, std::size_t count, Batch& batch) override {
    batch.rows = count;
    batch.columns.resize(1);
    batch.columns[0].values.clear();
    batch.labels.assign(2, {});
    for (std::size_t i = 0; i < count; ++i) {
      batch.columns[0].values.push_back(x_[index[i]]);
      for (std::size_t t = 0; t < 2; ++t)
        batch.labels[t].push_back(static_cast<std::int8_t>(labels_[t][index[i]] - '0'));
    }
  }

 private:
  std::vector<double> x_;
  std::vector<Labels> labels_;
};

struct Script {
  std::string early_stopping;
  std::vector<Labels> click, like;  ///< by epoch
  std::size_t best_epoch, epochs_done;
  StopReason reason;
};

/// logit = x for both tasks, and a rate that moves the parameters but not the order of the scores.
void check(const Script& script) {
  CAPTURE(script.early_stopping);
  const Config config = parse_config(R"({"fields": [{"name": "x", "type": "number", "transform": "none"}],
      "tasks": [{"name": "click"}, {"name": "like"}], "cross": {"layers": 0}, "sharing": [], "tower": [],
      "train": {"batch": 4, "optimizer": {"kind": "sgd", "rate": 0.001}, "schedule": {"kind": "constant"},
                "epochs": )" + std::to_string(script.click.size()) +
                                         ", \"early_stopping\": {" + script.early_stopping + "}}}",
                                     "config");
  const std::size_t no_table = 0;
  const model::ParameterTable table(config.model, {&no_table, 1});
  std::vector<float> parameters(table.total());
  for (const char* weight : {"head.click.weight", "head.like.weight"})
    parameters[table.find(weight)->offset] = 1;

  Rows train({-1, 2, 0.5, 3}), valid({-3, -1, 1, 3});
  std::vector<std::vector<float>> after_epoch;
  FitOptions options;
  options.order = [](std::uint64_t, std::uint64_t, std::size_t, std::size_t position) { return position; };
  options.on_progress = [&](const JobProgress& progress) {
    valid.set_labels(script.click[progress.epoch - 1], script.like[progress.epoch - 1]);
    return true;
  };
  std::size_t best = 0;
  options.on_epoch = [&](const EpochSummary& report) {
    after_epoch.push_back(parameters);
    if (report.best) best = report.epoch;
  };
  const FitResult result =
      fit(config, table, parameters, train, &valid, kernels::table<float>(best_isa()), options);
  CHECK(result.best_epoch == script.best_epoch);
  CHECK(best == script.best_epoch);
  CHECK(result.epochs_done == script.epochs_done);
  CHECK(result.reason == script.reason);

  REQUIRE(after_epoch.size() == script.epochs_done);
  for (std::size_t epoch = 1; epoch <= script.epochs_done; ++epoch) {
    CAPTURE(epoch);
    CHECK((parameters == after_epoch[epoch - 1]) == (epoch == script.best_epoch));
  }
}

/// `click` by its AUC, the other task saying the opposite.
void check_click(std::size_t patience, const std::vector<Labels>& click, std::size_t best_epoch,
                 std::size_t epochs_done, StopReason reason) {
  std::vector<Labels> like = click;
  for (Labels& labels : like) std::reverse(labels.begin(), labels.end());
  check({"\"task\": \"click\", \"metric\": \"auc\", \"patience\": " + std::to_string(patience), click, like,
         best_epoch, epochs_done, reason});
}

}  // namespace

TEST_CASE("patience counts the epochs since the best; an equal one is no improvement") {
  using enum StopReason;
  check_click(2, {kEven, kGood, kBad, kGood, kRight}, 2, 4, early_stopping);
  check_click(2, {kEven, kBad, kGood, kEven, kBad, kRight}, 3, 5, early_stopping);
  check_click(3, {kEven, kBad, kGood, kEven, kBad, kRight}, 6, 6, finished);
  check_click(1, {kRight, kRightButUnsure, kRight}, 1, 2, early_stopping);
}

TEST_CASE("without patience a run goes on to its end, and keeps the best epoch") {
  check_click(0, {kGood, kRight, kBad, kEven, kGood, kGood}, 2, 6, StopReason::finished);
}

TEST_CASE("a large AUC and a small log loss are good, of the named task or of the mean") {
  using enum StopReason;
  const std::vector<Labels> unsure_first = {kRightButUnsure, kRight, kRightButUnsure, kEven};
  const std::vector<Labels> other = {kRight, kGood, kEven, kBad};
  check(
      {R"("task": "click", "metric": "logloss", "patience": 1)", unsure_first, other, 2, 3, early_stopping});
  check({R"("task": "click", "metric": "auc", "patience": 1)", unsure_first, other, 1, 2, early_stopping});

  const std::vector<Labels> falls = {kRight, kGood, kEven, kBad}, rises = {kBad, kGood, kGood, kRight};
  for (const std::string metric : {"auc", "logloss"}) {
    const std::string rest = "\"metric\": \"" + metric + "\", \"patience\": 1";
    check({"\"task\": \"click\", " + rest, falls, rises, 1, 2, early_stopping});
    check({rest, falls, rises, 2, 3, early_stopping});
  }
  check({R"("task": "like", "metric": "auc", "patience": 2)", falls, rises, 4, 4, finished});
}

}  // namespace dcrnn::train
