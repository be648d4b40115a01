// Optimizers against the formulas written out in double, and the lazy rows of tables.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "optim/optimizer.hpp"

namespace dcrnn::optim {

namespace {

constexpr int kSteps = 5;
constexpr double kRate = 0.01;

/// A gradient that changes from step to step.
double gradient_at(int step, std::size_t i) {
  return std::sin(1.0 + step + 0.7 * static_cast<double>(i));
}

/// Runs one element through the textbook update in those of the steps 0 .. `kSteps` - 1 that touch it.
double textbook(const OptimizerConfig& config, double p, std::size_t i,
                const std::vector<int>& touching = {0, 1, 2, 3, 4}) {
  double m = 0, v = 0;
  for (int step : touching) {
    double g = gradient_at(step, i);
    const double t = step + 1;  // counts all steps, whoever they touch
    const bool decoupled = config.kind == OptimizerKind::adamw || config.kind == OptimizerKind::muon;
    if (!decoupled) g += config.weight_decay * p;
    switch (config.kind) {
      case OptimizerKind::muon:  // of what is no matrix
      case OptimizerKind::adamw:
        p -= kRate * config.weight_decay * p;
        [[fallthrough]];
      case OptimizerKind::adam:
        m = config.beta1 * m + (1 - config.beta1) * g;
        v = config.beta2 * v + (1 - config.beta2) * g * g;
        p -= kRate * (m / (1 - std::pow(config.beta1, t))) /
             (std::sqrt(v / (1 - std::pow(config.beta2, t))) + config.epsilon);
        break;
      case OptimizerKind::sgd:
        m = config.momentum * m + g;
        p -= kRate * m;
        break;
      case OptimizerKind::adagrad:
        v += g * g;
        p -= kRate * g / (std::sqrt(v) + config.epsilon);
        break;
    }
  }
  return p;
}

constexpr OptimizerKind kKinds[] = {OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::sgd,
                                    OptimizerKind::adagrad, OptimizerKind::muon};

}  // namespace

TEST_CASE("every optimizer follows its textbook update") {
  constexpr std::size_t n = 37;
  for (OptimizerKind kind : kKinds) {
    OptimizerConfig config;
    config.kind = kind;
    config.weight_decay = 0.1;
    for (Isa isa : available_isas()) {
      State state(kind, kind, 0, n);
      Optimizer optimizer(config, kernels::table<float>(isa), state);
      std::vector<float> p(n), g(n);
      for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<float>(i) * 0.1F - 1;
      const std::vector<float> start = p;
      for (int step = 0; step < kSteps; ++step) {
        // Halved gradients scaled back up: the factor of clipping.
        for (std::size_t i = 0; i < n; ++i) g[i] = static_cast<float>(0.5 * gradient_at(step, i));
        ++state.steps;
        optimizer.begin_step(kRate, 2.0);
        optimizer.update(p.data(), 0, g.data(), n);
      }
      for (std::size_t i = 0; i < n; ++i) {
        CAPTURE(name(isa));
        CHECK(static_cast<double>(p[i]) == doctest::Approx(textbook(config, start[i], i)).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("the state covers the parts whose rule needs it, each element in its place") {
  constexpr std::size_t begin = 6, total = 16;
  State mixed(OptimizerKind::adagrad, OptimizerKind::adam, begin, total);
  REQUIRE(mixed.arrays().size() == 2);
  CHECK(mixed.arrays()[0].size() == total);
  CHECK(mixed.arrays()[1].size() == total - begin);
  CHECK(mixed.at(0, 7) == mixed.arrays()[0].data() + 7);
  CHECK(mixed.at(1, 7) == mixed.arrays()[1].data() + 1);
  const State turned(OptimizerKind::adam, OptimizerKind::adagrad, begin, total);
  CHECK(turned.arrays()[0].size() == total);
  CHECK(turned.arrays()[1].size() == begin);
  const State one(OptimizerKind::sgd, OptimizerKind::adagrad, begin, total);
  REQUIRE(one.arrays().size() == 1);
  CHECK(one.arrays()[0].size() == total);
}

TEST_CASE("a span without decay is moved by its gradient alone") {
  OptimizerConfig config;
  config.kind = OptimizerKind::adamw;
  config.weight_decay = 0.5;
  State state(config.kind, config.kind, 0, 8);
  Optimizer optimizer(config, kernels::table<float>(best_isa()), state);
  std::vector<float> p(8, 1.0F);
  const std::vector<float> g(8);
  ++state.steps;
  optimizer.begin_step(kRate, 1.0);
  optimizer.update(p.data(), 0, g.data(), 4, false);
  optimizer.update(p.data(), 4, g.data() + 4, 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(p[i] == 1.0F);
  for (std::size_t i = 4; i < 8; ++i) CHECK(p[i] < 1.0F);
}

TEST_CASE("rows of a table are updated only where touched, their state likewise") {
  const OptimizerConfig config;
  State state(config.kind, config.kind, 6 * 3, 6 * 3);
  Optimizer optimizer(config, kernels::table<float>(best_isa()), state);
  std::vector<float> p(6 * 3, 1.0F);
  const std::vector<std::uint32_t> touched = {4, 1};
  const std::vector<float> g = {1, 2, 3, -1, -2, -3};
  ++state.steps;
  optimizer.begin_step(kRate, 1.0);
  optimizer.update_rows(p.data(), 0, 3, touched, g.data());
  for (std::size_t row = 0; row < 6; ++row) {
    for (std::size_t j = 0; j < 3; ++j) {
      const std::size_t i = row * 3 + j;
      const bool moved = row == 4 || row == 1;
      // The first step of Adam moves by the rate, against the sign of the gradient.
      const double want = moved ? 1.0 - (row == 4 ? kRate : -kRate) : 1.0;
      CHECK(static_cast<double>(p[i]) == doctest::Approx(want).epsilon(1e-6));
      CHECK((state.arrays()[0][i] != 0) == moved);
    }
  }
}

TEST_CASE("a row moves, forgets and decays only in the steps that touch it, which count for all") {
  constexpr std::size_t width = 3, offset = 5;
  // By row: the steps that touch it.
  const std::vector<std::vector<int>> touching = {{}, {0, 2}, {1}, {0, 1, 2, 3, 4}};
  for (OptimizerKind kind : kKinds) {
    OptimizerConfig config;
    config.kind = kind;
    config.weight_decay = 0.1;
    for (Isa isa : available_isas()) {
      const std::size_t size = offset + touching.size() * width;
      State state(kind, kind, size, size);
      Optimizer optimizer(config, kernels::table<float>(isa), state);
      std::vector<float> p(offset + touching.size() * width);
      for (std::size_t i = 0; i < p.size(); ++i) p[i] = static_cast<float>(i) * 0.05F + 0.5F;
      const std::vector<float> start = p;
      for (int step = 0; step < kSteps; ++step) {
        std::vector<std::uint32_t> rows;
        std::vector<float> g;
        for (std::size_t row = touching.size(); row-- > 0;) {
          if (std::count(touching[row].begin(), touching[row].end(), step) == 0) continue;
          rows.push_back(static_cast<std::uint32_t>(row));
          for (std::size_t j = 0; j < width; ++j)
            g.push_back(static_cast<float>(gradient_at(step, row * width + j)));
        }
        ++state.steps;
        optimizer.begin_step(kRate, 1.0);
        optimizer.update_rows(p.data(), offset, width, rows, g.data());
      }
      CAPTURE(name(isa));
      CAPTURE(static_cast<int>(kind));
      for (std::size_t i = 0; i < offset; ++i) CHECK(p[i] == start[i]);
      for (std::size_t row = 0; row < touching.size(); ++row) {
        CAPTURE(row);
        for (std::size_t j = 0; j < width; ++j) {
          const std::size_t i = row * width + j;
          const double moved = static_cast<double>(p[offset + i]) - static_cast<double>(start[offset + i]);
          const double from = start[offset + i];
          CHECK(moved == doctest::Approx(textbook(config, from, i, touching[row]) - from).epsilon(1e-6));
          if (touching[row].empty()) CHECK(p[offset + i] == start[offset + i]);
        }
      }
    }
  }
}

}  // namespace dcrnn::optim
