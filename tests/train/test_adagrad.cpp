// The golden steps of adagrad on the rows of a table, the ridge of the wide term included.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kernels/table.hpp"
#include "train/ridge.hpp"

namespace dcrnn::train {

namespace {

using Json = nlohmann::json;

std::vector<double> flat(const Json& rows) {
  std::vector<double> values;
  for (const Json& row : rows) values.insert(values.end(), row.begin(), row.end());
  return values;
}

/// The largest difference, over the largest value.
template <class Real>
double error_of(const std::vector<Real>& got, const std::vector<double>& want) {
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(got[i]) - want[i]));
    largest = std::max(largest, std::abs(want[i]));
  }
  return worst / largest;
}

/// Three columns of a table in steps of a batch each.
template <class Real>
class Steps {
 public:
  Steps(const Json& one, const Json& file, const kernels::Table<Real>& ops)
      : one_(one), file_(file), ops_(ops) {
    const std::vector<double> start = flat(one["P"]);
    p.assign(start.begin(), start.end());
    s.resize(p.size());
  }

  /// The rows that a batch uses, each with a gradient.
  void step(const Json& occurrences) {
    std::vector<std::uint32_t> touched, uses;
    std::vector<Real> gradient;
    for (const Json& use : occurrences) {
      const auto row = use[0].get<std::uint32_t>();
      const auto at =
          static_cast<std::size_t>(std::find(touched.begin(), touched.end(), row) - touched.begin());
      if (at == touched.size()) {
        touched.push_back(row);
        uses.push_back(0);
        gradient.resize(gradient.size() + 3);
      }
      ++uses[at];
      for (std::size_t j = 0; j < 3; ++j) gradient[at * 3 + j] += static_cast<Real>(use[1][j].get<double>());
    }
    if (one_["ridge"] != 0.0) {
      add_ridge(
          one_["ridge"].get<double>() / one_["B"].get<double>(), 3, touched, uses,
          [&](std::size_t row) { return one_["times_in_training"][row].get<double>(); }, p.data(),
          gradient.data());
    }
    ops_.adagrad({3,
                  p.data(),
                  gradient.data(),
                  s.data(),
                  static_cast<Real>(file_["rate"].get<double>()),
                  static_cast<Real>(file_["epsilon"].get<double>()),
                  static_cast<Real>(one_["weight_decay"].get<double>()),
                  1,
                  {touched.data(), touched.size()}});
  }

  std::vector<Real> p, s;

 private:
  const Json &one_, &file_;
  const kernels::Table<Real>& ops_;
};

}  // namespace

TEST_CASE("the golden steps of adagrad") {
  std::ifstream stream(std::string(DCRNN_SOURCE_DIR) + "/tests/golden/adagrad.json");
  REQUIRE(stream.good());
  const Json file = Json::parse(stream);
  std::size_t with_ridge = 0;
  for (const Json& one : file["cases"]) {
    CAPTURE(one["name"].get<std::string>());
    with_ridge += one["ridge"] != 0.0 ? 1 : 0;
    const auto check = [&]<class Real>(const kernels::Table<Real>& ops, double tolerance) {
      CAPTURE(name(ops.isa));
      Steps<Real> steps(one, file, ops);
      int done = 0;
      for (const Json& occurrences : one["occurrences"]) {
        steps.step(occurrences);
        ++done;
        if (done != 1 && done != 3) continue;
        const Json& want = one[done == 1 ? "after_1" : "after_3"];
        CHECK(error_of(steps.p, flat(want["P"])) <= tolerance);
        CHECK(error_of(steps.s, flat(want["s"])) <= tolerance);
      }
    };
    check(kernels::table<double>(Isa::reference), 1e-12);
    for (Isa isa : available_isas()) check(kernels::table<float>(isa), 2e-5);
  }
  CHECK(with_ridge > 0);
  CHECK(with_ridge < file["cases"].size());
}

}  // namespace dcrnn::train
