// Optimizers against the formulas written out in double, and the lazy rows of tables.
#include <doctest/doctest.h>

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

/// Runs one element through `kSteps` steps of the textbook update.
double textbook(const OptimizerConfig& config, double p, std::size_t i) {
  double m = 0, v = 0;
  for (int step = 0; step < kSteps; ++step) {
    double g = gradient_at(step, i);
    const double t = step + 1;
    if (config.kind != OptimizerKind::adamw) g += config.weight_decay * p;
    switch (config.kind) {
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

}  // namespace

TEST_CASE("every optimizer follows its textbook update") {
  constexpr std::size_t n = 37;
  for (OptimizerKind kind :
       {OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::sgd, OptimizerKind::adagrad}) {
    OptimizerConfig config;
    config.kind = kind;
    config.weight_decay = 0.1;
    for (Isa isa : available_isas()) {
      Optimizer optimizer(config, kernels::table<float>(isa), n);
      std::vector<float> p(n), g(n);
      for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<float>(i) * 0.1F - 1;
      const std::vector<float> start = p;
      for (int step = 0; step < kSteps; ++step) {
        // Halved gradients scaled back up: the factor of clipping.
        for (std::size_t i = 0; i < n; ++i) g[i] = static_cast<float>(0.5 * gradient_at(step, i));
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

TEST_CASE("rows of a table are updated only where touched, their state likewise") {
  const OptimizerConfig config;
  Optimizer optimizer(config, kernels::table<float>(best_isa()), 6 * 3);
  std::vector<float> p(6 * 3, 1.0F);
  const std::vector<std::uint32_t> touched = {4, 1};
  const std::vector<float> g = {1, 2, 3, -1, -2, -3};
  optimizer.begin_step(kRate, 1.0);
  optimizer.update_rows(p.data(), 0, 3, touched, g.data());
  for (std::size_t row = 0; row < 6; ++row) {
    for (std::size_t j = 0; j < 3; ++j) {
      const std::size_t i = row * 3 + j;
      const bool moved = row == 4 || row == 1;
      // The first step of Adam moves by the rate, against the sign of the gradient.
      const double want = moved ? 1.0 - (row == 4 ? kRate : -kRate) : 1.0;
      CHECK(static_cast<double>(p[i]) == doctest::Approx(want).epsilon(1e-6));
      CHECK((optimizer.state()[0][i] != 0) == moved);
    }
  }
}

}  // namespace dcrnn::optim
