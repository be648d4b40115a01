// Kind ait: its limit.
#include "tests/model/net.hpp"

// clang-format off
// Planted in model/layers/ait.hpp:
//   fault  what the parent hands on attends with a weight that does not learn from it
//   -      for (const auto& [dqkv, x] : {std::pair{dqkv_q_, q_}, std::pair{dqkv_p_, p_}}) {
//   +      for (const auto& [dqkv, x] : {std::pair{dqkv_q_, q_}}) {
//   finds  transfer.b.attention.weight with {"transfer": "ait"}
//   fault  the parent learns nothing
//   -      products_backward(pass, dqkv_p_, p_);
//   +      static_cast<void>(dqkv_p_);
//   finds  transfer.b.info.weight with {"transfer": "ait"}
// clang-format on

namespace dcrnn::test {

namespace {

/// y_t of the child as the mean of q V^T and p V^T: what attention without a preference gives.
std::vector<double> mean_of_both(std::map<std::string, std::vector<double>>& trace, std::span<const double> V,
                                 std::size_t H) {
  const std::vector<double>&q = trace["tower.t1.0"], &p = trace["transfer.t1.info"];
  std::vector<double> mean;
  for (std::size_t b = 0; b < Net::kRows; ++b) {
    for (std::size_t n = 0; n < H; ++n) {
      double sum = 0;
      for (std::size_t k = 0; k < H; ++k) sum += (q[b * H + k] + p[b * H + k]) * V[n * H + k];
      mean.push_back(sum / 2);
    }
  }
  return mean;
}

}  // namespace

TEST_CASE("ait with Q = 0 or K = 0 gives the mean of both values") {
  constexpr std::size_t H = 6;
  for (const std::size_t zero : {std::size_t{0}, std::size_t{1}}) {
    Net net(R"("transfer": "ait", "tower": [6])");
    const auto weight = net["transfer.t1.attention.weight"];
    std::fill_n(weight.begin() + static_cast<std::ptrdiff_t>(zero * H * H), H * H, 0.0);
    auto trace = net.trace();
    check_same("transfer.t1", trace["transfer.t1"], mean_of_both(trace, weight.subspan(2 * H * H), H));
    // e is 0 whatever the other of the two is, so nothing flows into it.
    const std::vector<double>& gradient = trace["grad.transfer.t1.attention.weight"];
    const std::size_t other = (1 - zero) * H * H;
    for (std::size_t i = 0; i < H * H; ++i) CHECK(gradient[other + i] == 0);
  }
}

}  // namespace dcrnn::test
