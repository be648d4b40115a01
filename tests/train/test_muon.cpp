// Muon against an independent implementation (tests/golden/muon.json): which tensors are matrices, what a
// step does to them, and that a training run does just that.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/table.hpp"
#include "optim/muon.hpp"
#include "train/trainer.hpp"
#include "train/update_plan.hpp"

namespace dcrnn::train {

namespace {

using Json = nlohmann::json;

template <class Real>
std::vector<Real> flat(const Json& array) {
  std::vector<Real> values;
  for (const Json& row : array) {
    if (row.is_array()) {
      for (const Json& value : row) values.push_back(static_cast<Real>(value.get<double>()));
    } else {
      values.push_back(static_cast<Real>(row.get<double>()));
    }
  }
  return values;
}

Json golden(const std::string& name) {
  std::ifstream stream(std::string(DCRNN_SOURCE_DIR) + "/tests/golden/" + name);
  REQUIRE(stream.good());
  return Json::parse(stream);
}

/// max |got - want| / max |want|
template <class Real>
double error_of(const std::vector<Real>& got, const std::vector<double>& want) {
  REQUIRE(got.size() == want.size());
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(got[i]) - want[i]));
    largest = std::max(largest, std::abs(want[i]));
  }
  return worst / largest;
}

model::Parameter parameter_of(const Json& one) {
  model::Parameter parameter;
  parameter.name = one["tensor"];
  parameter.shape = one["shape"].get<std::vector<std::size_t>>();
  parameter.size = 1;
  for (std::size_t extent : parameter.shape) parameter.size *= extent;
  return parameter;
}

model::Candidate candidate_of(const Json& one) {
  return one["candidate"] == "cross" ? model::Candidate::cross : model::Candidate::tanh;
}

/// P after each of the steps of a golden case.
template <class Real>
std::vector<std::vector<Real>> steps_of(const Json& file, const Json& one, const kernels::Table<Real>& ops,
                                        int threads) {
  const model::Parameter parameter = parameter_of(one);
  const std::vector<optim::Matrix> matrices = muon_matrices(parameter, candidate_of(one));
  optim::Muon<Real> muon(ops, matrices);
  std::vector<Real> p = flat<Real>(one["P"]), m(p.size()), v(p.size());
  std::vector<std::vector<Real>> results;
  const auto number = [&](const char* key) { return static_cast<Real>(file[key].get<double>()); };
  const double decay = one["weight_decay"];
  double t = 0;
  for (const Json& step : one["G"]) {
    const std::vector<Real> g = flat<Real>(step);
    ++t;
    for (const optim::Matrix& matrix : matrices) {
      muon.update(matrix.rows, matrix.columns, p.data() + matrix.offset, g.data() + matrix.offset,
                  m.data() + matrix.offset, {file["rate"], file["momentum"], decay, 1.0}, threads);
    }
    if (matrices.empty()) {
      const auto correction = [&](const char* beta) {
        return static_cast<Real>(1 - std::pow(file[beta].get<double>(), t));
      };
      ops.adam({p.size(), p.data(), g.data(), m.data(), v.data(), number("rate"), number("beta1"),
                number("beta2"), number("epsilon"), static_cast<Real>(decay), correction("beta1"),
                correction("beta2"), 1, true});
    }
    results.push_back(p);
  }
  return results;
}

template <class Real>
void check_golden(const kernels::Table<Real>& ops, double tolerance) {
  const Json file = golden("muon.json");
  for (const Json& one : file["cases"]) {
    CAPTURE(one["tensor"].get<std::string>());
    CAPTURE(name(ops.isa));
    const auto results = steps_of(file, one, ops, 1);
    REQUIRE(results.size() == 3);
    CHECK(error_of(results[0], flat<double>(one["after_1"])) <= tolerance);
    CHECK(error_of(results[2], flat<double>(one["after_3"])) <= tolerance);
  }
}

Config config_with(const std::string& optimizer) {
  return parse_config(
      R"({"fields": [{"name": "a", "type": "category", "encoding": "id", "size": 30, "dim": 24},
      {"name": "x", "type": "number"}],
    "tasks": [{"name": "click"}, {"name": "consume", "after": "click"}],
    "cross": {"layers": 2}, "sharing": [{"shared": 40, "private": 8}], "tower": [50],
    "train": {"batch": 64, "dropout": 0, "unknown_rate": 0, "clip_norm": 0.02, "optimizer": )" +
          optimizer + "}}",
      "config");
}

Batch batch_of(std::size_t rows) {
  Batch batch;
  batch.rows = rows;
  batch.columns.resize(2);
  batch.labels.resize(2);
  for (std::size_t b = 0; b < rows; ++b) {
    batch.columns[0].ids.push_back(static_cast<std::uint32_t>(b * 7 % 30));
    batch.columns[1].values.push_back(std::sin(static_cast<double>(b)));
    batch.labels[0].push_back(b % 3 == 0);
    batch.labels[1].push_back(b % 6 == 0);
  }
  return batch;
}

constexpr std::size_t kTableRows[] = {30, 0};

/// A fresh model and its trainer.
struct Session {
  Session(const std::string& optimizer, int threads)
      : config(config_with(optimizer)),
        table(config.model, kTableRows),
        parameters(fresh(table)),
        trainer(config, table, parameters, 0, kernels::table<float>(best_isa()), threads) {}

  static std::vector<float> fresh(const model::ParameterTable& table) {
    std::vector<float> parameters(table.total());
    model::initialize(table, 1, 0.1, parameters);
    return parameters;
  }
  StepReport step() { return trainer.step(batch); }

  Config config;
  model::ParameterTable table;
  std::vector<float> parameters;
  Trainer trainer;
  Batch batch = batch_of(64);
};

}  // namespace

TEST_CASE("muon takes the matrices that the golden cases name") {
  const Json cases = golden("muon.json")["cases"];
  for (const Json& one : cases) {
    CAPTURE(one["tensor"].get<std::string>());
    const model::Parameter parameter = parameter_of(one);
    std::vector<std::vector<std::size_t>> rows;
    for (const optim::Matrix& matrix : muon_matrices(parameter, candidate_of(one))) {
      const std::size_t first = matrix.offset / parameter.shape[1];
      rows.push_back({first, first + matrix.rows});
    }
    CHECK(Json(rows) == one["matrices"]);
  }
}

TEST_CASE("a step of muon is that of the golden cases") {
  check_golden(kernels::table<double>(Isa::reference), 1e-12);
  for (Isa isa : available_isas()) check_golden(kernels::table<float>(isa), 2e-5);
}

TEST_CASE("no gradient and no momentum move nothing") {
  const std::vector<optim::Matrix> matrices = {{0, 3, 5}};
  optim::Muon<float> muon(kernels::table<float>(best_isa()), matrices);
  std::vector<float> p(15, 0.5F), m(15);
  const std::vector<float> g(15);
  muon.update(3, 5, p.data(), g.data(), m.data(), {0.1, 0.95, 0, 1}, 1);
  CHECK(p == std::vector<float>(15, 0.5F));
}

TEST_CASE("all singular values of a large step are near 1") {
  constexpr std::size_t n = 37, m = 90;
  const std::vector<optim::Matrix> matrices = {{0, m, n}};
  optim::Muon<double> muon(kernels::table<double>(Isa::reference), matrices);
  std::vector<double> p(n * m), momentum(n * m), g(n * m);
  for (std::size_t i = 0; i < g.size(); ++i) g[i] = std::sin(static_cast<double>(i * i % 1009));
  muon.update(m, n, p.data(), g.data(), momentum.data(), {1, 0.95, 0, 1}, 1);
  // |X|_F^2 is the sum of the squared singular values; P moved by 0.2 sqrt(90) X.
  double squares = 0;
  for (double x : p) squares += x * x / (0.04 * m);
  CHECK(squares / n > 0.5);
  CHECK(squares / n < 1.5);
}

TEST_CASE("training with muon moves every parameter by its rule, the gradients clipped") {
  Session session(R"({"kind": "muon", "rate": 0.05, "weight_decay": 0.1})", 2);
  std::vector<float> want = session.parameters, m(want.size()), v(want.size()), gradient(want.size());
  const StepReport report = session.step();
  REQUIRE(report.gradient_norm > session.config.train.clip_norm);
  const double scale = session.config.train.clip_norm / report.gradient_norm;
  for (std::size_t i = 0; i < session.table.all().size(); ++i)
    session.trainer.engine().copy_gradient(i, gradient.data() + session.table.all()[i].offset);

  const kernels::Table<float>& ops = kernels::table<float>(best_isa());
  const UpdatePlan plan = plan_updates(session.table.all(), session.table.dense_begin(),
                                       session.table.total(), OptimizerKind::muon, model::Candidate::cross);
  // cross 3, shared units 1, gates 2, private units 2, towers 2, transfer 2
  REQUIRE(plan.matrices.size() == 12);
  optim::Muon<float> muon(ops, plan.matrices);
  for (const optim::Matrix& matrix : plan.matrices) {
    muon.update(matrix.rows, matrix.columns, want.data() + matrix.offset, gradient.data() + matrix.offset,
                m.data() + matrix.offset, {0.05, 0.95, 0.1, scale}, 1);
  }
  const auto adamw = [&](std::size_t offset, std::size_t size) {
    ops.adam({size, want.data() + offset, gradient.data() + offset, m.data() + offset, v.data() + offset,
              0.05F, 0.9F, 0.999F, 1e-8F, 0.1F, static_cast<float>(1 - 0.9), static_cast<float>(1 - 0.999),
              static_cast<float>(scale), true});
  };
  for (const Span& span : plan.spans) adamw(span.offset, span.size);
  const std::vector<std::uint32_t>& ids = session.batch.columns[0].ids;
  for (std::uint32_t row = 0; row < 30; ++row) {  // rows that no example has don't decay
    if (std::count(ids.begin(), ids.end(), row) > 0) adamw(session.table.lookups()[0].offset + row * 24, 24);
  }
  CHECK((session.parameters == want));
}

TEST_CASE("muon gives the same bytes on any number of threads") {
  const auto after_five = [](int threads) {
    Session session(R"({"kind": "muon", "rate": 0.02})", threads);
    for (int i = 0; i < 5; ++i) session.step();
    return session.parameters;
  };
  const std::vector<float> one = after_five(1);
  CHECK((after_five(2) == one));
  CHECK((after_five(5) == one));
}

}  // namespace dcrnn::train
