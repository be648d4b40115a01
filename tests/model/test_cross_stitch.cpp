// Stitches between tasks: what they are in their limits, what they count, how they begin.
#include <initializer_list>

#include "model/parameters.hpp"
#include "tests/model/net.hpp"

// clang-format off
// Planted in model/layers/cross_stitch.hpp:
//   fault  only the first column of a stitch learns
//   -      {{task.drow, 0, 0, T, 1}, task.row}
//   +      {{task.drow, 0, 0, 1, 1}, task.row}
//   finds  sharing.0.stitch.weight with {"sharing": [{"kind": "cross_stitch", "units": 3}]}
//   fault  every task hands back by the first task's stitch
//   -      pass.parameters + task.row, 0, pass.at(task.drow)
//   +      pass.parameters + tasks_[0].row, 0, pass.at(task.drow)
//   finds  sharing.0.a.private.weight with {"sharing": [{"kind": "cross_stitch", "units": 3}]}
// clang-format on

namespace dcrnn::test {

TEST_CASE("a stitch of ones on the diagonal leaves every task its own units") {
  Net stitch = sharing_net(R"([{"kind": "cross_stitch", "units": 5}, {"kind": "cross_stitch", "units": 3}])");
  Net separate = sharing_net(R"([{"shared": 0, "private": 5}, {"shared": 0, "private": 3}])");
  separate.take(stitch);
  for (const std::string name : {"sharing.0.stitch.weight", "sharing.1.stitch.weight"}) {
    const std::span<double> C = stitch[name];
    for (std::size_t i = 0; i < 9; ++i) C[i] = i / 3 == i % 3;
  }
  check_common(stitch.trace(), separate.trace(), 35);
}

// Equal rows of C that are a softmax of c: all tasks weigh the same T experts by the same static gate c, of
// whose gradients g_u (dC[t, u] - sum over w of g_w dC[t, w]) is known, too.
TEST_CASE("equal rows of a stitch give all tasks one stream, a mixture of all units") {
  Net stitch = sharing_net(R"([{"kind": "cross_stitch", "units": 5}])");
  Net mmoe = sharing_net(R"([{"kind": "mmoe", "experts": 3, "units": 5, "gate": "static"}])");
  mmoe.take(stitch);
  const double g[] = {0.5, 0.2, 0.3};
  for (std::size_t t = 0; t < 3; ++t) {
    const std::string task = "sharing.0.t" + std::to_string(t);
    for (std::size_t u = 0; u < 3; ++u) {
      stitch["sharing.0.stitch.weight"][3 * t + u] = g[u];
      mmoe[task + ".gate.bias"][u] = std::log(g[u]);
    }
    for (const std::string part : {".weight", ".bias"}) {
      const std::span<double> own = stitch[task + ".private" + part];
      std::ranges::copy(own, mmoe["sharing.0.expert" + part].subspan(t * own.size()).begin());
    }
  }
  const auto got = stitch.trace(), want = mmoe.trace();
  check_common(got, want, 20);
  const std::vector<double>& dC = got.at("grad.sharing.0.stitch.weight");
  for (std::size_t t = 0; t < 3; ++t) {
    const std::string task = "sharing.0.t" + std::to_string(t);
    CHECK(got.at(task + ".mix") == got.at("sharing.0.t0.mix"));
    for (const std::string part : {".weight", ".bias"}) {
      const std::vector<double>& own = got.at("grad." + task + ".private" + part);
      const auto all = want.at("grad.sharing.0.expert" + part).begin();
      const auto size = static_cast<std::ptrdiff_t>(own.size()),
                 first = static_cast<std::ptrdiff_t>(t) * size;
      check_same(task + part, own, {all + first, all + first + size});
    }
    double mean = 0;
    for (std::size_t u = 0; u < 3; ++u) mean += g[u] * dC[3 * t + u];
    std::vector<double> dc;
    for (std::size_t u = 0; u < 3; ++u) dc.push_back(g[u] * (dC[3 * t + u] - mean));
    check_same(task + ".gate", dc, want.at("grad." + task + ".gate.bias"));
  }
}

TEST_CASE("the backward pass of a stitch can keep every value and gradient") {
  Net model = sharing_net(R"([{"kind": "cross_stitch", "units": 5}, {"kind": "cross_stitch", "units": 3}])");
  const auto kept = model.kept();
  check_kept(kept, model.trace());
  const std::span<double> C = model["sharing.0.stitch.weight"];
  std::vector<double> dp(kept.at("sharing.0.t1.private").size());
  for (std::size_t i = 0; i < dp.size(); ++i) {
    dp[i] = C[1] * kept.at("grad.sharing.0.t0.mix")[i] + C[4] * kept.at("grad.sharing.0.t1.mix")[i] +
            C[7] * kept.at("grad.sharing.0.t2.mix")[i];
  }
  check_same("dp", kept.at("grad.sharing.0.t1.private"), dp);
}

TEST_CASE("parameters and operations of a stitch") {
  const std::size_t D = Net::kWidth, T = 3, m = 5;
  const Net none = sharing_net("[]");
  const Net one = sharing_net(R"([{"kind": "cross_stitch", "units": 5}])");
  CHECK(one.values() == none.values() + T * m - T * D + T * m * (D + 1) + T * T);
  CHECK(one.flops() ==
        none.flops() + 2.0 * T * m - 2.0 * T * D + static_cast<double>(2 * T * m * D + 2 * T * T * m));
}

TEST_CASE("a fresh stitch is mostly a task's own, with rows of sum 1") {
  for (std::size_t T : std::initializer_list<std::size_t>{1, 2, 3}) {
    model::ParameterTable table;
    const std::size_t C = table.add("C", {T, T}, model::Init::mostly_own, model::kEveryTask);
    std::vector<float> fresh(table.total());
    model::initialize(table, 1, 0.1, fresh);
    for (std::size_t t = 0; t < T; ++t) {
      double sum = 0;
      for (std::size_t u = 0; u < T; ++u) {
        sum += fresh[C + t * T + u];
        if (u != t) CHECK(fresh[C + t * T + u] == 0.1f / static_cast<float>(T - 1));
      }
      CHECK(fresh[C + t * T + t] == (T == 1 ? 1.0f : 0.9f));
      CHECK(sum == doctest::Approx(1));
    }
  }
}

}  // namespace dcrnn::test
