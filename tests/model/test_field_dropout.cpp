// Field dropout: what falls together, how often, and who does not know of it.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "model/gradient_engine.hpp"
#include "tests/model/examples.hpp"

// clang-format off
// Planted in model/layers/field_dropout.hpp:
//   fault  what was dropped learns all the same
//   -      if (acts(pass)) drop(pass, pass.gradient(x0_), x0_.ld, false);
//   +      static_cast<void>(pass);
//   finds  embedding.user.weight with {"train": {"dropout": {"field": 0.4, "sharing": 0, "tower": 0}}}
//   fault  what is kept is scaled in x0 and not in its gradient
//   -      const Real factor = mask[b * units_ + part.unit];
//   +      const Real factor = x == pass.value(x0_) ? mask[b * units_ + part.unit] : Real(mask[b * units_ + part.unit] > 0);
//   finds  x0 with {"train": {"dropout": {"field": 0.4, "sharing": 0, "tower": 0}}}
// clang-format on

namespace dcrnn::test {

namespace {

constexpr std::size_t kRows = 512;

/// Two fields read column a: five columns of x0, two of them a's.
const std::string kFields = R"({"fields": [
    {"name": "a", "type": "category", "encoding": "id", "size": 7, "dim": 2},
    {"name": "x", "type": "number", "transform": "none"},
    {"name": "a_too", "column": "a", "type": "number", "transform": "none"},
    {"name": "z", "type": "number", "transform": "none"}],
  "tasks": [{"name": "t"}], "cross": {"layers": 1}, "sharing": [], "tower": [], "wide": true})";
/// Numbers alone, each a column.
const std::string kNumbers = R"({"fields": [
    {"name": "x", "type": "number", "transform": "none"}, {"name": "y", "type": "number", "transform": "none"},
    {"name": "z", "type": "number", "transform": "none"}],
  "tasks": [{"name": "t"}], "cross": {"layers": 1}, "sharing": [], "tower": []})";

/// x0, and the wide term if there is one, of a forward pass with the dropout.
struct Values {
  Values(const std::string& json, const model::DropoutState* dropout, int threads = 1) {
    const ModelConfig config = parse_config(json, "config").model;
    std::vector<std::size_t> rows;
    Batch batch;
    batch.rows = kRows;
    for (const Field& field : config.fields) {
      rows.push_back(field.has_table() ? 7 : 0);
      BatchColumn& column = batch.columns.emplace_back();
      for (std::size_t b = 0; b < kRows; ++b) {
        if (field.has_table()) column.ids.push_back(static_cast<std::uint32_t>(b % 7));
        if (!field.has_table()) column.values.push_back(1 + static_cast<double>(b % 5));
      }
    }
    const model::ParameterTable table(config, rows);
    const std::vector<double> parameters(table.total(), 1.0);
    model::GradientEngine<double> engine(config, table, kernels::table<double>(Isa::reference), kRows);
    engine.set_parameters(parameters.data(), 1);
    engine.forward(batch, dropout, threads);
    width = engine.network().x0().width;
    const model::TraceSink<double> sink = [&](const std::string& name, std::vector<std::size_t> shape) {
      std::vector<double>& to = name == "x0" ? x0 : name == "wide" ? wide : rest;
      to.assign(shape[0] * shape[1], 0.0);
      return to.data();
    };
    engine.network().trace(model::Tracer<double>{engine.arena(), sink});
  }
  /// The factor by which a column of a row differs from that of `plain`.
  double factor(const Values& plain, std::size_t b, std::size_t j) const {
    return x0[b * width + j] / plain.x0[b * width + j];
  }
  std::size_t width = 0;
  std::vector<double> x0, wide, rest;
};

}  // namespace

TEST_CASE("what comes from one column is dropped or kept together, and scaled") {
  constexpr double kRate = 0.3;
  model::DropoutState dropout;
  dropout.seed = 5;
  dropout.field = kRate;
  const Values plain(kFields, nullptr), dropped(kFields, &dropout);
  REQUIRE(plain.width == 5);
  std::vector<double> kept(plain.width);
  std::size_t both = 0;
  for (std::size_t b = 0; b < kRows; ++b) {
    for (std::size_t j = 0; j < plain.width; ++j) {
      const double factor = dropped.factor(plain, b, j);
      CHECK((factor == 0 || factor == doctest::Approx(1 / (1 - kRate)).epsilon(1e-12)));
      kept[j] += factor > 0;
    }
    for (const std::size_t j : {std::size_t{1}, std::size_t{3}}) {
      CHECK(dropped.factor(plain, b, j) == dropped.factor(plain, b, 0));
    }
    both += dropped.factor(plain, b, 0) > 0 && dropped.factor(plain, b, 2) > 0;
  }
  for (const double count : kept) CHECK(std::abs(count / kRows - (1 - kRate)) < 0.08);
  // Columns fall on their own.
  CHECK(std::abs(static_cast<double>(both) / kRows - (1 - kRate) * (1 - kRate)) < 0.08);
  CHECK(dropped.wide == plain.wide);
  CHECK(Values(kFields, &dropout, 3).x0 == dropped.x0);
}

TEST_CASE("the mask depends on the row's ordinal, not on its place in the batch") {
  model::DropoutState dropout;
  dropout.field = 0.5;
  const Values plain(kNumbers, nullptr), first(kNumbers, &dropout);
  dropout.first_row = 100;
  const Values later(kNumbers, &dropout);
  for (std::size_t b = 0; b + 100 < kRows; ++b) {
    for (std::size_t j = 0; j < 3; ++j) CHECK(later.factor(plain, b, j) == first.factor(plain, b + 100, j));
  }
}

TEST_CASE("of plain numbers alone it drops what dropout of the input drops as often") {
  model::DropoutState fields, inputs;
  fields.field = inputs.input = 0.4;
  const Values plain(kNumbers, nullptr), by_field(kNumbers, &fields), by_input(kNumbers, &inputs);
  double kept_by_field = 0, kept_by_input = 0;
  for (std::size_t b = 0; b < kRows; ++b) {
    for (std::size_t j = 0; j < 3; ++j) {
      kept_by_field += by_field.factor(plain, b, j);
      kept_by_input += by_input.factor(plain, b, j);
    }
  }
  CHECK(std::abs(kept_by_field - kept_by_input) / (3.0 * kRows) < 0.1);
  CHECK(kept_by_field / (3.0 * kRows) == doctest::Approx(1).epsilon(0.05));
}

}  // namespace dcrnn::test
