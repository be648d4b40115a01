// Kind dcn: its limits.
#include "tests/model/net.hpp"

// clang-format off
// Planted in model/layers/dcn.hpp:
//   fault  what the product hands back to the state is dropped
//   -      weights_[set(l)].backward(pass, du, 1, dh);
//   +      weights_[set(l)].backward(pass, du, 0, dh);
//   finds  x0 with {"cross": {"kind": "dcn", "layers": 2}}
//   fault  tied biases learn from the first layer alone
//   -      0, D, layers}, biases_[set]});
//   +      0, D, 1}, biases_[set]});
//   finds  cross.bias with {"cross": {"kind": "dcn", "layers": 2, "tied": true}}
// clang-format on

namespace dcrnn::test {

TEST_CASE("dcn is dcn_v2 with all rows of W alike, where b is 0") {
  for (const bool tied : {false, true}) {
    const std::string rest = std::string(R"(, "layers": 3, "tied": )") + (tied ? "true" : "false") + "}";
    Net vector(R"("cross": {"kind": "dcn")" + rest), matrix(R"("cross": {"kind": "dcn_v2")" + rest);
    matrix.take(vector);
    for (std::size_t l = 0; l < (tied ? 1 : 3); ++l) {
      const std::string name = tied ? "cross" : "cross." + std::to_string(l);
      vector.fill(name + ".bias", 0);
      matrix.fill(name + ".bias", 0);
      const auto w = vector[name + ".weight"];
      const auto W = matrix[name + ".weight"];
      for (std::size_t i = 0; i < W.size(); ++i) W[i] = w[i % w.size()];
    }
    auto got = vector.trace(), want = matrix.trace();
    // Every row of dW acts on the one w; b stands outside the product with x0.
    for (std::size_t l = 0; l < (tied ? 1 : 3); ++l) {
      const std::string name = "grad." + (tied ? std::string("cross") : "cross." + std::to_string(l));
      const std::vector<double>& dW = want[name + ".weight"];
      std::vector<double> dw(Net::kWidth, 0.0);
      for (std::size_t i = 0; i < dW.size(); ++i) dw[i % Net::kWidth] += dW[i];
      check_same(name + ".weight", got[name + ".weight"], dw);
      got.erase(name + ".bias");
    }
    check_common(got, want, 20);
  }
}

}  // namespace dcrnn::test
