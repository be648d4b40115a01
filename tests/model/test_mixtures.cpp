// Mixtures of experts: what they are in their limits, what they count, what a config may ask of them.
#include "tests/failure_of.hpp"
#include "tests/model/net.hpp"

// clang-format off
// Planted in model/layers/experts.hpp:
//   fault  a static gate learns of its first expert alone
//   -      {{before_.gradient, 0, 0, g_.width, 1}, bias_}
//   +      {{before_.gradient, 0, 0, 1, 1}, bias_}
//   finds  sharing.0.a.gate.bias with {"sharing": [{"kind": "mmoe", "experts": 3, "units": 3, "gate": "static"}]}
//   fault  the shared stream hands nothing back
//   -      if (shared_mix_) shared_mix_->backward(pass);
//   +      static_cast<void>(shared_mix_);
//   finds  sharing.0.expert.weight with {"sharing": [{"kind": "mmoe", "experts": 2, "units": 3}, {"kind": "ple", "units": 3}]}
// clang-format on

namespace dcrnn::test {

TEST_CASE("mmoe is ple without experts of the tasks' own, name for name") {
  for (const std::string gate : {"input", "static"}) {
    const std::string rest = R"(, "units": 3, "gate": ")" + gate + "\"}";
    const std::string mmoe = R"({"kind": "mmoe", "experts": 3)" + rest;
    const std::string ple = R"({"kind": "ple", "shared_experts": 3, "task_experts": 0)" + rest;
    Net first = sharing_net("[" + mmoe + ", " + mmoe + "]"),
        second = sharing_net("[" + ple + ", " + ple + "]");
    second.take(first);
    CHECK(first.trace() == second.trace());
  }
}

TEST_CASE("a single shared expert is hard sharing") {
  for (const std::string gate : {"input", "static"}) {
    Net mmoe = sharing_net(R"([{"kind": "mmoe", "experts": 1, "units": 5, "gate": ")" + gate +
                           R"("}, {"kind": "mmoe", "experts": 1, "units": 3, "gate": ")" + gate + "\"}]");
    Net hard = sharing_net(
        R"([{"shared": 5, "private": 0, "gate": "none"}, {"shared": 3, "private": 0, "gate": "none"}])");
    mmoe.take(hard);
    mmoe.take_layer("sharing.0.expert", hard, "sharing.0.shared");
    mmoe.take_layer("sharing.1.expert", hard, "sharing.1.shared");
    const auto got = mmoe.trace(), want = hard.trace();
    check_common(got, want, 20);
    check_layers(got, want,
                 {{"sharing.0.expert", "sharing.0.shared"}, {"sharing.1.expert", "sharing.1.shared"}});
    std::size_t gates = 0;
    for (const auto& [name, values] : got) {
      if (!name.ends_with(".gate") && name.find(".gate.") == std::string::npos) continue;
      ++gates;
      const double only = name.starts_with("grad.") ? 0 : 1;
      for (double value : values) CHECK(value == only);
    }
    CHECK(gates == (gate == "input" ? 3 : 2) * 7);  // three tasks twice, the shared one once
  }
}

TEST_CASE("a single expert for each task alone is a network of its own") {
  Net ple = sharing_net(R"([{"kind": "ple", "shared_experts": 0, "task_experts": 1, "units": 5},
                     {"kind": "ple", "shared_experts": 0, "task_experts": 1, "units": 3, "gate": "static"}])");
  Net separate = sharing_net(R"([{"shared": 0, "private": 5}, {"shared": 0, "private": 3}])");
  ple.take(separate);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string block : {"sharing.0.", "sharing.1."}) {
    for (const std::string task : {"t0", "t1", "t2"}) {
      pairs.push_back({block + task + ".expert", block + task + ".private"});
      ple.take_layer(pairs.back().first, separate, pairs.back().second);
    }
  }
  const auto got = ple.trace(), want = separate.trace();
  check_common(got, want, 20);
  check_layers(got, want, pairs);
}

TEST_CASE("equal experts are one expert, whatever the gates") {
  Net mmoe = sharing_net(R"([{"kind": "mmoe", "experts": 3, "units": 5}])");
  Net hard = sharing_net(R"([{"shared": 5, "private": 0, "gate": "none"}])");
  mmoe.take(hard);
  const std::size_t size = hard["sharing.0.shared.weight"].size();
  for (std::size_t i = 0; i < 3; ++i) {
    std::ranges::copy(hard["sharing.0.shared.weight"],
                      mmoe["sharing.0.expert.weight"].subspan(i * size).begin());
    std::ranges::copy(hard["sharing.0.shared.bias"], mmoe["sharing.0.expert.bias"].subspan(i * 5).begin());
  }
  const auto got = mmoe.trace(), want = hard.trace();
  check_common(got, want, 20);
  // What the one expert gets, the three share among themselves.
  std::vector<double> sum(size);
  for (std::size_t i = 0; i < 3 * size; ++i) sum[i % size] += got.at("grad.sharing.0.expert.weight")[i];
  check_same("the experts' sum", sum, want.at("grad.sharing.0.shared.weight"));
}

TEST_CASE("the backward pass of mixtures can keep every value and gradient") {
  const std::size_t n = 2, p = 1, m = 3;
  const Net model = sharing_net(R"([{"kind": "ple", "shared_experts": 2, "task_experts": 1, "units": 3},
                             {"kind": "mmoe", "experts": 2, "units": 3, "gate": "static"}])");
  const auto kept = model.kept();
  check_kept(kept, model.trace());
  CHECK_FALSE(kept.contains("grad.sharing.1.t0.gate"));  // one row for all examples
  // g_i E_i gives dg_i and dE_i.
  std::vector<double> dg, dF;
  for (std::size_t b = 0; b < Net::kRows; ++b) {
    const auto row = [&](const std::string& name, std::size_t width) {
      return kept.at("sharing.0." + name).data() + b * width;
    };
    const auto drow = [&](const std::string& name) {
      return kept.at("grad.sharing.0." + name).data() + b * m;
    };
    for (std::size_t i = 0; i < p + n; ++i) {
      const double* units = i < p ? row("t1.expert", p * m) + i * m : row("expert", n * m) + (i - p) * m;
      dg.push_back(0);
      for (std::size_t j = 0; j < m; ++j) dg.back() += drow("t1.mix")[j] * units[j];
    }
    for (std::size_t j = 0; j < m; ++j) {  // its own gate's first, the shared gate's second expert
      dF.push_back(row("t1.gate", p + n)[0] * drow("t1.mix")[j] + row("gate", 3 * p + n)[1] * drow("mix")[j]);
    }
  }
  check_same("dg", kept.at("grad.sharing.0.t1.gate"), dg);
  check_same("dF", kept.at("grad.sharing.0.t1.expert"), dF);
}

TEST_CASE("parameters and operations of mixtures") {
  const std::size_t D = Net::kWidth, T = 3, n = 2, p = 3, m = 5;
  const Net none = sharing_net("[]");
  for (const bool input : {true, false}) {
    const std::string block =
        R"({"kind": "ple", "shared_experts": 2, "task_experts": 3, "units": 5, "gate": ")" +
        std::string(input ? "input" : "static") + "\"}";
    const Net one = sharing_net("[" + block + "]"), two = sharing_net("[" + block + ", " + block + "]");
    const auto parameters = [&](std::size_t in, bool shared_gate) {
      const std::size_t read = (input ? in : 0) + 1;
      return n * m * (in + 1) + T * p * m * (in + 1) + T * (p + n) * read +
             (shared_gate ? (T * p + n) * read : 0);
    };
    const auto flops = [&](std::size_t in, bool shared_gate) {
      const std::size_t read = (input ? in : 0) + m;
      return static_cast<double>(2 * n * m * in + 2 * T * p * m * in + 2 * T * (p + n) * read +
                                 (shared_gate ? 2 * (T * p + n) * read : 0));
    };
    const double heads = 2.0 * T * m - 2.0 * T * D;  // they read m values in place of D
    CHECK(one.values() == none.values() + T * m - T * D + parameters(D, false));
    CHECK(one.flops() == none.flops() + heads + flops(D, false));
    CHECK(two.values() == none.values() + T * m - T * D + parameters(D, true) + parameters(m, false));
    CHECK(two.flops() == none.flops() + heads + flops(D, true) + flops(m, false));
  }
}

TEST_CASE("what a config may ask of mixtures") {
  const auto message = [](const std::string& sharing) {
    return failure_of([&] { sharing_net(sharing); }).message;
  };
  CHECK(message(R"([{"kind": "ple", "shared_experts": 0, "task_experts": 0}])") ==
        "config: sharing[0]: \"shared_experts\" and \"task_experts\" are both 0");
  CHECK(
      message(R"([{"shared": 0}, {"kind": "ple"}])") ==
      "config: sharing[1].shared_experts: found 2, want 0, because an earlier block has no shared stream to "
      "pass on");
  CHECK(
      message(R"([{"kind": "ple", "shared_experts": 0}, {"kind": "mmoe"}])") ==
      "config: sharing[1].kind: the experts of mmoe read the shared stream, but an earlier block has none to "
      "pass on");
}

}  // namespace dcrnn::test
