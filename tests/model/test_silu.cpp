// Activation silu: its limits, where it stands and where relu stays.
#include "tests/model/net.hpp"

// clang-format off
// Planted in model/layers/linear.hpp:
//   fault  silu's derivative is taken at its output
//   -      {pass.count, y_.width, pass.at(a_), pass.arena.ld(a_), dy, y_.ld, da, before_.ld});
//   +      {pass.count, y_.width, pass.value(y_), y_.ld, dy, y_.ld, da, before_.ld});
//   finds  tower.a.0.bias with {"activation": "silu"}
//   fault  silu hands its gradient on as relu does
//   -      if (silu_) {
//   +      if (silu_ && pass.count == 0) {
//   finds  sharing.0.a.private.bias with {"activation": "silu"}
// clang-format on

namespace dcrnn::test {

namespace {

const std::string kSilu = R"("activation": "silu", )";
const std::string kOneLayer = R"("cross": {"kind": "none"}, "sharing": [], "tower": [4], "transfer": "none")";

}  // namespace

TEST_CASE("silu(a) - silu(-a) is a, and a itself far above 0") {
  Net net(kSilu + kOneLayer, 1), linear(R"("cross": {"kind": "none"}, "sharing": [], "tower": [],
      "transfer": "none")",
                                        1);
  const auto up = net.trace().at("tower.t0.0");
  for (const char* part : {"weight", "bias"}) {
    for (double& w : net[std::string("tower.t0.0.") + part]) w = -w;
  }
  const auto down = net.trace().at("tower.t0.0");
  std::vector<double> difference, a;
  for (std::size_t i = 0; i < up.size(); ++i) difference.push_back(up[i] - down[i]);
  const std::span<double> W = net["tower.t0.0.weight"], c = net["tower.t0.0.bias"];
  for (std::size_t b = 0; b < Net::kRows; ++b) {
    for (std::size_t n = 0; n < 4; ++n) {
      double sum = -c[n];
      for (std::size_t f = 0; f < Net::kWidth; ++f) {
        sum -= W[n * Net::kWidth + f] * net.batch().columns[f].values[b];
      }
      a.push_back(sum);
    }
  }
  check_same("a", difference, a);

  for (const double far : {50.0, 800.0, -800.0}) {
    net.fill("tower.t0.0.weight", 0);
    net.fill("tower.t0.0.bias", far);
    const auto trace = net.trace();
    for (const double y : trace.at("tower.t0.0")) CHECK(y == (far > 0 ? far : 0));
    for (const double g : trace.at("grad.tower.t0.0.weight")) CHECK(std::isfinite(g));
  }
}

TEST_CASE("silu stands in blocks and towers; gates and what ait hands on stay as they are") {
  const std::string keys = R"("cross": {"layers": 1}, "sharing": [{"shared": 4, "private": 2}], "tower": [3],
      "transfer": "ait")";
  Net relu(keys), silu(kSilu + keys);
  silu.take(relu);
  auto closed = relu.trace(), open = silu.trace();
  const auto negative = [](const std::vector<double>& values) {
    return std::ranges::any_of(values, [](double y) { return y < 0; });
  };
  for (const char* name : {"sharing.0.shared", "sharing.0.t0.private", "tower.t1.0"}) {
    CAPTURE(name);
    CHECK_FALSE(negative(closed.at(name)));
    CHECK(negative(open.at(name)));
    for (const double y : open.at(name)) CHECK(y > -0.2785);
  }
  check_same("gate", open.at("sharing.0.t0.gate"), closed.at("sharing.0.t0.gate"));
  CHECK_FALSE(negative(open.at("transfer.t1.info")));
}

}  // namespace dcrnn::test
