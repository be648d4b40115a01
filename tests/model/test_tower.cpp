// Towers and the linear layers they are made of.
#include <doctest/doctest.h>

#include <string>

#include "model/trace.hpp"
#include "tests/model/examples.hpp"

// clang-format off
// Planted in model/layers/tower.hpp:
//   fault  layers in the forward's order
//   -      for (std::size_t i = layers_.size(); i-- > 0;) {
//   +      for (std::size_t i = 0; i < layers_.size(); ++i) {
//   finds  tower.a.0.weight with {"tower": [5, 4]}
//   fault  another mask for the gradient
//   -      layer.mask, layer.y.gradient
//   +      layer.mask + 1, layer.y.gradient
//   finds  tower.a.0.weight with {"train": {"dropout": 0.4}}
// Planted in model/layers/linear.hpp:
//   fault  what others gave the gradient of x is lost
//   -      {.accumulate = true},
//   +      {},
//   finds  x0 with {"sharing": [{"shared": 5, "private": 3}], "cross": {"layers": 0}}
//   fault  the bias is not planned
//   -      build.weight_gradient(dy, x_, weight_, bias_);
//   +      build.weight_gradient(dy, x_, weight_);
//   finds  head.a.bias with {}
// clang-format on

namespace dcrnn::test {

TEST_CASE("a tower layer of ones and zeros hands its input on") {
  // relu of a representation that is not negative, times the identity, is that representation.
  const Subject short_tower(Choice{kPlainCross, kPlainSharing, "none"});
  Choice choice{kPlainCross, kPlainSharing, "none"};
  std::string json = choice.json();
  json.replace(json.find("\"tower\": [4]"), 12, "\"tower\": [4, 4]");
  const Config deep = parse_config(json, "config");
  const model::ParameterTable table(deep.model, std::vector<std::size_t>{7, 7, 0});
  std::vector<double> parameters(table.total());
  for (const model::Parameter& parameter : table.all()) {
    double* to = parameters.data() + parameter.offset;
    if (const model::Parameter* same = short_tower.table.find(parameter.name)) {
      for (std::size_t i = 0; i < same->size; ++i) to[i] = short_tower.parameters[same->offset + i];
    } else if (parameter.shape.size() == 2) {
      for (std::size_t i = 0; i < 4; ++i) to[i * 4 + i] = 1;
    }
  }
  const Batch batch = rows_for(short_tower, 6);
  const auto& ops = kernels::table<double>(Isa::reference);
  const std::vector<double> wide = short_tower.wide();
  const auto want = model::trace(short_tower.config.model, short_tower.table, wide.data(), ops, batch, 1,
                                 {.every_gradient = true});
  const auto got =
      model::trace(deep.model, table, parameters.data(), ops, batch, 1, {.every_gradient = true});
  std::size_t compared = 0;
  for (const auto& tensor : want) {
    for (const auto& other : got) {
      if (other.name != tensor.name || tensor.name.starts_with("grad.tower")) continue;
      CHECK_MESSAGE(other.values == tensor.values, tensor.name);
      ++compared;
    }
  }
  CHECK(compared > 20);
}

}  // namespace dcrnn::test
