// The kind that docs/adding-a-layer.md builds: what the page shows is this header, and it is right.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "config/kinds.hpp"
#include "model/layer.hpp"
#include "model/weight_gradients.hpp"
#include "tests/model/examples.hpp"
#include "tests/model/mlp_cross.hpp"
#include "tests/scratch.hpp"

namespace dcrnn::test {

namespace {

constexpr std::size_t kRows = 4, kWidth = 5;

/// The layer by itself between an x0 and a sum of its outputs, each times a number.
class Alone {
 public:
  explicit Alone(std::size_t layers)
      : build_({}, {}, {.training = true}),
        x0_(build_.value(kWidth)),
        layer_(build_, model::MlpCross::Config{layers}, x0_),
        parameters(build_.parameters.total()),
        x(kRows * kWidth),
        arena_(build_.arena, kRows, "the example"),
        packed_(kernels::table<double>(Isa::reference), build_.packs) {
    Numbers draw(3);
    for (std::vector<double>* values : {&parameters, &x}) {
      for (double& value : *values) value = draw.symmetric();
    }
    for (std::size_t i = 0; i < x.size(); ++i) weights_.push_back(draw.symmetric());
  }

  double forward() {
    packed_.refresh(parameters.data(), 1);
    for (std::size_t b = 0; b < kRows; ++b)
      std::copy_n(x.data() + b * kWidth, kWidth, arena_.at(x0_.value, b));
    layer_.forward(pass());
    const model::Stream& h = layer_.kind.output();
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      sum += weights_[i] * pass().value(h)[i / kWidth * h.ld + i % kWidth];
    return sum;
  }
  void backward() {
    for (const model::Place& place : build_.cleared) pass().clear(place.slot, place.layer);
    const model::Stream& h = layer_.kind.output();
    for (std::size_t i = 0; i < x.size(); ++i)
      pass().gradient(h)[i / kWidth * h.ld + i % kWidth] += weights_[i];
    layer_.backward(pass());
    dparameters.resize(parameters.size());
    model::WeightGradients<double> plan(kernels::table<double>(Isa::reference), build_.gradients);
    plan.run(arena_, dparameters.data(), build_.parameters.dense_begin(), 1, false);
    for (std::size_t i = 0; i < x.size(); ++i) {
      dx.push_back(pass().gradient(x0_)[i / kWidth * x0_.ld + i % kWidth]);
    }
  }

 private:
  model::Pass<double> pass() {
    return {kernels::table<double>(Isa::reference), parameters.data(), packed_, arena_, batch_, 0, kRows, 0};
  }

  model::Build build_;
  model::Stream x0_;
  model::Erased<model::MlpCross> layer_;
  Batch batch_;

 public:
  std::vector<double> parameters, x, dparameters, dx;

 private:
  model::Arena<double> arena_;
  model::Packed<double> packed_;
  std::vector<double> weights_;
};

/// Against central differences.
void check(Alone& alone, std::vector<double>& at, const std::vector<double>& gradient) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const double kept = at[i], step = 1e-6;
    at[i] = kept + step;
    const double above = alone.forward();
    at[i] = kept - step;
    const double below = alone.forward();
    at[i] = kept;
    if (std::abs((above - below) / (2 * step) - gradient[i]) > 1e-7) ++wrong;
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("the example's gradients are central differences") {
  for (const std::size_t layers : {0U, 1U, 3U}) {
    CAPTURE(layers);
    Alone alone(layers);
    alone.forward();
    alone.backward();
    check(alone, alone.x, alone.dx);
    check(alone, alone.parameters, alone.dparameters);
  }
}

TEST_CASE("the example registers by a line") {
  using Kinds = KindList<model::GruCross, model::MlpCross>;
  CHECK(Kinds::words() == "gru|mlp");
  CHECK(std::size(examples_of<KindList<model::MlpCross>>()) == 2);
}

TEST_CASE("the page shows the example as it is") {
  const std::string root = DCRNN_SOURCE_DIR;
  const std::string page = read_text(root + "/docs/adding-a-layer.md");
  const std::string header = read_text(root + "/tests/model/mlp_cross.hpp");
  CHECK(page.find("```cpp\n" + header + "```\n") != std::string::npos);
}

}  // namespace dcrnn::test
