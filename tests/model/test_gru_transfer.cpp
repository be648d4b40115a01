// Transfer by a GRU: a closed update gate hands nothing on, an open one everything.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "model/trace.hpp"
#include "tests/model/examples.hpp"

// clang-format off
// Planted in model/layers/gru_transfer.hpp:
//   fault  the parent's gradient goes to the child
//   -      pass.add(pass.at(dstate_), pass.gradient(parent_), out_.width);
//   +      pass.add(pass.at(dstate_), pass.gradient(y_), out_.width);
//   finds  tower.a.0.weight with {}
//   fault  input and state taken for each other
//   -      cell_.plan_gradients(build.gradients, slots_, 0, 1, 0, y, parent);
//   +      cell_.plan_gradients(build.gradients, slots_, 0, 1, 0, parent, y);
//   finds  transfer.b.weight_ih with {}
// clang-format on

namespace dcrnn::test {

TEST_CASE("with z = 1 a task takes over its parent's representation as it is") {
  Subject subject(Choice{kPlainCross, kPlainSharing, "gru"});
  const std::size_t H = 4;
  const model::Parameter& bias = *subject.table.find("transfer.b.bias_ih");
  std::fill_n(subject.parameters.begin() + static_cast<std::ptrdiff_t>(bias.offset + H), H, 1000.0F);
  const std::vector<double> parameters = subject.wide();
  std::map<std::string, std::vector<double>> values;
  for (const auto& tensor : model::trace(subject.config.model, subject.table, parameters.data(),
                                         kernels::table<double>(Isa::reference), rows_for(subject, 6), 1)) {
    values[tensor.name] = tensor.values;
  }
  CHECK(values.at("transfer.b") == values.at("tower.a.0"));
  const std::vector<double>& unused = values.at("grad.tower.b.0.weight");
  CHECK(std::all_of(unused.begin(), unused.end(), [](double g) { return g == 0; }));
}

}  // namespace dcrnn::test
