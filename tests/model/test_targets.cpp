// Positive weights and soft labels: their limits.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "model/gradient_engine.hpp"
#include "tests/model/examples.hpp"

// clang-format off
// Planted in model/layers/loss.hpp:
//   fault  the gradient knows no soft labels
//   -      labels.weights, pass.targets->scale.data(), pass.gradient(logits_),
//   +      labels.weights, pass.targets->scale.data(), pass.gradient(logits_), nullptr, positive_weights_.data()}); if (pass.count == 0) pass.ops.loss_backward({pass.count, T_, path_.data(), pass.value(logits_), labels.rows.data(), labels.weights, pass.targets->scale.data(), pass.gradient(logits_),
//   finds  head.a.bias with {"tasks": [{"name": "a", "soft": "s"}, {"name": "b", "after": "a"}]}
//   fault  a positive weight counts for all rows of the gradient
//   -      targets.scale[t] = weights_[t] * std::exp(-targets.log_variance[t]) * targets.share[t];
//   +      targets.scale[t] = positive_weights_[t] * weights_[t] * std::exp(-targets.log_variance[t]) * targets.share[t];
//   finds  head.a.bias with {"tasks": [{"name": "a", "positive_weight": 3}, {"name": "b", "after": "a"}]}
// clang-format on

namespace dcrnn::test {

namespace {

constexpr std::size_t kRows = 24;

/// Losses, then the gradients of all parameters, of two tasks whose keys besides names are `keys`.
std::vector<double> learnt(const std::string& keys, const Batch& batch) {
  const ModelConfig config =
      parse_config(
          R"({"fields": [{"name": "x", "type": "number", "transform": "none"}], "weight": "w",
          "tasks": [{"name": "a")" +
              keys + R"(}, {"name": "b", "after": "a")" + keys + R"(}],
          "cross": {"layers": 1}, "sharing": [{"shared": 3, "private": 2}], "tower": [3]})",
          "config")
          .model;
  const model::ParameterTable table(config, std::vector<std::size_t>{0});
  std::vector<double> parameters(table.total());
  Numbers draw(3);
  for (double& value : parameters) value = draw.symmetric();
  model::GradientEngine<double> engine(config, table, kernels::table<double>(Isa::reference), batch.rows);
  engine.set_parameters(parameters.data(), 1);
  engine.forward_backward(batch, nullptr, 1);
  std::vector<double> all = engine.losses().tasks;
  for (std::size_t i = 0; i < table.all().size(); ++i) {
    all.resize(all.size() + table.all()[i].size);
    engine.copy_gradient(i, all.data() + all.size() - table.all()[i].size);
  }
  return all;
}

/// Every row once, and those with label 1 of `task` `copies` times.
Batch rows(std::size_t copies, bool both) {
  Numbers draw(4);
  Batch batch;
  batch.columns.resize(1);
  batch.labels.resize(2);
  for (std::size_t b = 0; b < kRows; ++b) {
    const double x = draw.symmetric(), w = 0.5 + draw.unit();
    const auto label = [&] { return static_cast<std::int8_t>(draw.below(3)); };
    const std::int8_t a = label(), c = both ? a : label();
    const std::size_t times = a == 1 ? copies : 1;
    for (std::size_t i = 0; i < times; ++i) {
      batch.columns[0].values.push_back(x);
      batch.weights.push_back(w);
      batch.labels[0].push_back(a == 2 ? kMissingLabel : a);
      batch.labels[1].push_back(c == 2 ? kMissingLabel : c);
      ++batch.rows;
    }
  }
  return batch;
}

void check_near(const std::vector<double>& got, const std::vector<double>& want) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == doctest::Approx(want[i]).epsilon(1e-12));
}

}  // namespace

TEST_CASE("positive_weight 2 is every positive row twice, 1 is none") {
  check_near(learnt(R"(, "positive_weight": 2)", rows(1, true)), learnt("", rows(2, true)));
  CHECK(learnt(R"(, "positive_weight": 1)", rows(1, false)) == learnt("", rows(1, false)));
  CHECK(learnt(R"(, "positive_weight": 2)", rows(1, false)) != learnt("", rows(1, false)));
}

TEST_CASE("soft labels that say what the labels say, or have no share, change nothing") {
  const Batch plain = rows(1, false);
  Batch soft = plain;
  soft.targets.resize(2);
  const ModelConfig config = parse_config(R"({"fields": [{"name": "x", "type": "number"}],
      "tasks": [{"name": "a", "soft": "s", "soft_share": 0.3}, {"name": "b", "soft": "s", "soft_share": 0}]})",
                                          "config")
                                 .model;
  for (std::size_t t = 0; t < 2; ++t) {
    for (const std::int8_t label : plain.labels[t]) {
      soft.targets[t].push_back(config.tasks[t].target(label, t == 0 ? (label == 1 ? 1.0 : 0.0) : 0.77));
    }
  }
  check_near(learnt(R"(, "soft": "s")", soft), learnt("", plain));
}

TEST_CASE("a soft label is the mean of a row with each label") {
  Batch soft = rows(1, false), both = soft;
  soft.targets.resize(2);
  for (std::size_t b = 0; b < soft.rows; ++b) {
    for (std::size_t t = 0; t < 2; ++t) soft.targets[t].push_back(0.25);
  }
  // A quarter of every row's weight says 1, three quarters say 0.
  both.weights.clear();
  for (const double share : {0.25, 0.75}) {
    for (const double w : soft.weights) both.weights.push_back(share * w);
  }
  both.rows *= 2;
  for (auto* values : {&both.columns[0].values})
    values->insert(values->end(), soft.columns[0].values.begin(), soft.columns[0].values.end());
  for (std::size_t t = 0; t < 2; ++t) {
    const std::vector<std::int8_t> labels = soft.labels[t];
    for (std::int8_t& label : both.labels[t]) label = label == kMissingLabel ? label : std::int8_t{1};
    for (const std::int8_t label : labels)
      both.labels[t].push_back(label == kMissingLabel ? label : std::int8_t{0});
  }
  check_near(learnt(R"(, "soft": "s")", soft), learnt("", both));
}

}  // namespace dcrnn::test
