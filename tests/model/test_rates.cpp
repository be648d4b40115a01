// The numbers of rate fields in the network: with R = 1 a projection moves them to the end of x0.
#include <doctest/doctest.h>

#include "kernels/table.hpp"
#include "model/gradient_engine.hpp"
#include "tests/model/examples.hpp"

// clang-format off
// Planted in model/layers/projection.hpp:
//   fault  the matrix learns from the first columns of x0
//   -      build.weight_gradient(to.gradient_place(), rate, weight_);
//   +      build.weight_gradient({to.gradient, to.gradient_layer, 0, to.width}, rate, weight_);
//   finds  project.weight with {"project": 2, "rate_pairs": [{"columns": ["p", "q"]}]}
// clang-format on

namespace dcrnn::test {

TEST_CASE("rates projected by R = 1 are the same numbers at the end of x0") {
  const std::string pairs = R"(, "rate_pairs": [{"columns": ["p", "q"], "count": false}])";
  const Subject plain({kPlainCross, kPlainSharing, "gru", kTaskLists[1], pairs});
  Subject projected({kPlainCross, kPlainSharing, "gru", kTaskLists[1], pairs + R"(, "project": 2)"});
  const model::Parameter& R = *projected.table.find("project.weight");
  REQUIRE(R.shape == std::vector<std::size_t>{2, 2});
  std::vector<double> parameters = projected.wide();
  for (std::size_t i = 0; i < 4; ++i) parameters[R.offset + i] = i % 3 == 0 ? 1 : 0;

  const Batch batch = rows_for(plain, 5);
  const kernels::Table<double>& ops = kernels::table<double>(Isa::reference);
  const auto x0 = [&](const Subject& subject, const std::vector<double>& values) {
    model::GradientEngine<double> engine(subject.config.model, subject.table, ops, batch.rows);
    engine.set_parameters(values.data(), 1);
    engine.forward(batch, nullptr, 1);
    const model::Stream& stream = engine.network().x0();
    std::vector<double> rows;
    for (std::size_t b = 0; b < batch.rows; ++b) {
      const double* row = engine.arena().at(stream.value, b, stream.layer);
      rows.insert(rows.end(), row + stream.width - 2, row + stream.width);
    }
    return rows;
  };
  CHECK(x0(plain, plain.wide()) == x0(projected, parameters));
}

}  // namespace dcrnn::test
