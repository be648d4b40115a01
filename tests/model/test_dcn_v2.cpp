// Kind dcn_v2: its limits and what its config refuses.
#include "tests/failure_of.hpp"
#include "tests/model/net.hpp"

// clang-format off
// Planted in model/layers/dcn_v2.hpp:
//   fault  what h^0 = x0 hands back is dropped
//   -      pass.add(pass.gradient(h_[0]), pass.gradient(x0), x0.width);
//   +      pass.add(pass.gradient(h_[0]), pass.gradient(x0), 0);
//   finds  x0 with {"cross": {"kind": "dcn_v2", "layers": 2}}
//   fault  with a rank, what the step hands through is lost
//   -      row_distance(rank_), dh);
//   +      row_distance(rank_), dh, false);
//   finds  cross.weight_u with {"cross": {"kind": "dcn_v2", "layers": 2, "rank": 2, "tied": true}}
// clang-format on

namespace dcrnn::test {

TEST_CASE("dcn_v2 of full rank with V = 1 or U = 1 is the full matrix") {
  for (const std::string identity : {"v", "u"}) {
    const std::string other = identity == "v" ? "u" : "v";
    Net low(R"("cross": {"kind": "dcn_v2", "layers": 2, "rank": 5})"),
        full(R"("cross": {"kind": "dcn_v2", "layers": 2})");
    full.take(low);
    for (const std::string name : {"cross.0.weight", "cross.1.weight"}) {
      const auto one = low[name + "_" + identity];
      for (std::size_t i = 0; i < one.size(); ++i) one[i] = i / Net::kWidth == i % Net::kWidth;
      full.copy(low[name + "_" + other], name);
    }
    auto got = low.trace(), want = full.trace();
    for (const std::string name : {"grad.cross.0.weight", "grad.cross.1.weight"}) {
      check_same(name, got[name + "_" + other], want[name]);
    }
    check_common(got, want, 20);
  }
}

TEST_CASE("dcn_v2 is the GRU cross with r = 1 and z = 0") {
  Net gru(R"("cross": {"kind": "gru", "layers": 3})"),
      dcn(R"("cross": {"kind": "dcn_v2", "layers": 3, "tied": true})");
  dcn.take(gru);
  constexpr std::size_t D = Net::kWidth;
  gru.fill("cross.weight_ih", 0);
  const auto U = gru["cross.weight_hh"], b = gru["cross.bias_ih"], d = gru["cross.bias_hh"];
  std::fill_n(U.begin(), 2 * D * D, 0.0);
  std::fill_n(d.begin(), 2 * D, 0.0);
  std::fill_n(b.begin(), D, 800.0);       // r = 1 to the last bit
  std::fill_n(b.begin() + D, D, -800.0);  // z = 0
  dcn.copy(U.subspan(2 * D * D), "cross.weight");
  dcn.copy(d.subspan(2 * D), "cross.bias");
  auto got = gru.trace(), want = dcn.trace();
  const std::vector<double>&dU = got["grad.cross.weight_hh"], &dd = got["grad.cross.bias_hh"];
  check_same("dU_n", {dU.begin() + 2 * D * D, dU.end()}, want["grad.cross.weight"]);
  check_same("dd_n", {dd.begin() + 2 * D, dd.end()}, want["grad.cross.bias"]);
  check_common(got, want, 20);
}

TEST_CASE("a rank above D is refused") {
  const Error error = failure_of([] { Net(R"("cross": {"kind": "dcn_v2", "rank": 6})"); });
  CHECK(error.code == ErrorCode::usage);
  CHECK(error.message == "config: cross.rank: found 6, want at most D, 5");
}

}  // namespace dcrnn::test
