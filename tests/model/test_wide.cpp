// The wide term: its limits, and what it has to do with the combination of gradients.
#include "tests/model/net.hpp"

// clang-format off
// Planted in model/layers/wide.hpp:
//   fault  the weights of numbers learn without these
//   -      sparse.gradient[t * field.count + i] += dwide[b * wide_.ld + t] * static_cast<Real>(x[i]);
//   +      sparse.gradient[t * field.count + i] += dwide[b * wide_.ld + t] * static_cast<Real>(x[i] != 0);
//   finds  wide.age.weight with {"wide": true}
// Planted in model/layers/lookup.hpp:
//   fault  the rows of a mean learn as those of a sum
//   -      bag_ && mean_ ? sparse.scale.data() + begin : nullptr,
//   +      nullptr,
//   finds  wide.tags.weight with {"wide": true, "fields": [{"name": "tags", "type": "bag", "encoding": "id", "size": 7}]}
// Planted in model/layers/head.hpp:
//   fault  a lone bias learns from the first task
//   -      const Place dlogit = logit_.gradient_place();
//   +      const Place dlogit = logits.columns(0, 1).gradient_place();
//   finds  head.b.bias with {"wide": true, "head": false, "cross": {"kind": "none"}, "sharing": [], "tower": [], "transfer": "none"}
// clang-format on

namespace dcrnn::test {

namespace {

const std::string kNetwork =
    R"("cross": {"layers": 1}, "sharing": [{"shared": 4, "private": 2}], "tower": [3])";
const std::string kAlone = R"("cross": {"kind": "none"}, "sharing": [], "tower": [], "transfer": "none",
    "probability": "independent", "wide": true, "head": false)";

}  // namespace

TEST_CASE("a wide term of 0 leaves the model as it is") {
  Net plain(kNetwork), wide(kNetwork + R"(, "wide": true)");
  wide.take(plain);
  for (std::size_t f = 0; f < Net::kWidth; ++f) wide.fill("wide.x" + std::to_string(f) + ".weight", 0);
  const auto want = plain.trace(), got = wide.trace();
  check_common(got, want, want.size());
  for (const double value : got.at("wide")) CHECK(value == 0);
  // What it learns is what a last layer on the fields would.
  CHECK(std::ranges::any_of(got.at("grad.wide.x0.weight"), [](double g) { return g != 0; }));
}

TEST_CASE("alone it is a logistic regression for every task") {
  Net net(kAlone);
  const auto trace = net.trace();
  CHECK(trace.count("x0") == 0);
  CHECK(trace.count("grad.x0") == 0);
  CHECK(trace.count("grad.head.t0.weight") == 0);
  CHECK(net.flops() == 0);
  const Batch& batch = net.batch();
  for (std::size_t t = 0; t < 2; ++t) {
    double weights = 0;
    std::vector<double> dA(Net::kWidth), x(Net::kWidth);
    double db = 0;
    for (std::size_t b = 0; b < Net::kRows; ++b) {
      if (batch.labels[t][b] != kMissingLabel) weights += batch.weights[b];
    }
    for (std::size_t b = 0; b < Net::kRows; ++b) {
      double logit = net["head.t" + std::to_string(t) + ".bias"][0];
      for (std::size_t f = 0; f < Net::kWidth; ++f) {
        x[f] = batch.columns[f].values[b];
        logit += net["wide.x" + std::to_string(f) + ".weight"][t] * x[f];
      }
      CHECK(trace.at("logit")[b * 2 + t] == doctest::Approx(logit).epsilon(1e-12));
      if (batch.labels[t][b] == kMissingLabel) continue;
      const double share = batch.weights[b] / weights * (1 / (1 + std::exp(-logit)) - batch.labels[t][b]);
      db += share;
      for (std::size_t f = 0; f < Net::kWidth; ++f) dA[f] += share * x[f];
    }
    check_same("db", trace.at("grad.head.t" + std::to_string(t) + ".bias"), {db});
    for (std::size_t f = 0; f < Net::kWidth; ++f) {
      CHECK(trace.at("grad.wide.x" + std::to_string(f) + ".weight")[t] ==
            doctest::Approx(dA[f]).epsilon(1e-12));
    }
  }
}

TEST_CASE("pcgrad leaves the wide term alone, and alone it has nothing to compare") {
  Net plain(kNetwork + R"(, "wide": true)"), pcgrad(kNetwork + R"(, "wide": true, "gradients": "pcgrad")");
  pcgrad.take(plain);
  const auto want = plain.trace(), got = pcgrad.trace();
  for (std::size_t f = 0; f < Net::kWidth; ++f) {
    const std::string name = "grad.wide.x" + std::to_string(f) + ".weight";
    check_same(name, got.at(name), want.at(name));
  }
  const auto alone = Net(kAlone + R"(, "gradients": "pcgrad")").trace();
  for (const char* figure : {"interference.norm", "interference.cosine"}) {
    for (const double value : alone.at(figure)) CHECK(value == 0);
  }
}

}  // namespace dcrnn::test
