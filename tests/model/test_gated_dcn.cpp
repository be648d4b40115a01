// Kind gated_dcn: its limits.
#include "tests/model/net.hpp"

// clang-format off
// Planted in model/layers/gated_dcn.hpp:
//   fault  the gate hands nothing back to the state
//   -      own.w[1].backward(pass, da, x0.ld, dh);
//   +      static_cast<void>(da);
//   finds  x0 with {"cross": {"kind": "gated_dcn", "layers": 2}}
//   fault  the gate's weight learns from the gradient of u
//   -      sets_[set].w[1].plan_gradient(build, da_, set,
//   +      sets_[set].w[1].plan_gradient(build, du_, set,
//   finds  cross.0.gate.weight with {"cross": {"kind": "gated_dcn", "layers": 2}}
// clang-format on

namespace dcrnn::test {

TEST_CASE("gated_dcn with V = 0 is dcn_v2 with half of W and b") {
  Net gated(R"("cross": {"kind": "gated_dcn", "layers": 2})"),
      plain(R"("cross": {"kind": "dcn_v2", "layers": 2})");
  plain.take(gated);
  for (const std::string layer : {"cross.0", "cross.1"}) {
    gated.fill(layer + ".gate.weight", 0);
    for (const char* name : {".weight", ".bias"}) {
      for (double& value : plain[layer + name]) value /= 2;
    }
  }
  auto got = gated.trace(), want = plain.trace();
  for (const std::string layer : {"cross.0", "cross.1"}) {
    for (const std::string name : {".weight", ".bias"}) {
      std::vector<double> doubled = got["grad." + layer + name];
      for (double& value : doubled) value *= 2;
      check_same(layer + name, doubled, want["grad." + layer + name]);
      got.erase("grad." + layer + name);
    }
    got.erase(layer + ".u");
  }
  check_common(got, want, 15);
}

TEST_CASE("gated_dcn is the GRU cross with r = 1 and a gate that reads the state alone") {
  Net gru(R"("cross": {"kind": "gru", "layers": 2})"),
      gated(R"("cross": {"kind": "gated_dcn", "layers": 2, "tied": true})");
  gated.take(gru);
  constexpr std::size_t D = Net::kWidth;
  gru.fill("cross.weight_ih", 0);
  const auto U = gru["cross.weight_hh"], b = gru["cross.bias_ih"], d = gru["cross.bias_hh"];
  std::fill_n(U.begin(), D * D, 0.0);
  std::fill_n(b.begin(), 2 * D, 0.0);
  std::fill_n(d.begin(), 2 * D, 0.0);
  std::fill_n(b.begin(), D, 800.0);  // r = 1 to the last bit
  gated.copy(U.subspan(2 * D * D), "cross.weight");
  gated.copy(d.subspan(2 * D), "cross.bias");
  const auto V = gated["cross.gate.weight"];
  for (std::size_t i = 0; i < V.size(); ++i) V[i] = -U[D * D + i];  // 1 - z = sigma(-a_z)
  auto got = gated.trace(), want = gru.trace();
  std::vector<double> dV(want["grad.cross.weight_hh"].begin() + D * D,
                         want["grad.cross.weight_hh"].begin() + 2 * D * D);
  for (double& value : dV) value = -value;
  check_same("dV", got["grad.cross.gate.weight"], dV);
  check_common(got, want, 15);
}

}  // namespace dcrnn::test
