// exp, tanh and sigmoid on values in the first-level cache, beside Eigen's and xsimd's, and how exact they
// are. `rows` are values.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>

#include "bench/program.hpp"
#include "bench/subject.hpp"
#include "bench/wide/wide.hpp"

namespace dcrnn::bench {

namespace {

constexpr std::size_t kValues = 2048;

using Map = void (*)(Function f, const float* x, float* y, std::size_t n);

void ours(Function f, const float* x, float* y, std::size_t n) {
  const auto& kernels = ops();
  (f == Function::exp ? kernels.exp : f == Function::tanh ? kernels.tanh : kernels.sigmoid)({n, x, y});
}

float exact(Function f, float x) {
  const auto value = static_cast<double>(x);
  return static_cast<float>(f == Function::exp    ? std::exp(value)
                            : f == Function::tanh ? std::tanh(value)
                                                  : 1 / (1 + std::exp(-value)));
}

/// The largest error in units in the last place.
double worst_ulp(const Buffer<float>& got, const Buffer<float>& want) {
  double worst = 0;
  for (std::size_t i = 0; i < kValues; ++i) {
    const float unit = std::nextafter(std::fabs(want[i]), HUGE_VALF) - std::fabs(want[i]);
    worst = std::max(worst, static_cast<double>(std::fabs(got[i] - want[i]) / unit));
  }
  return worst;
}

void add_map(Function f, const std::string& name, Map map) {
  Work work;
  work.rows = kValues;
  work.bytes = 2 * sizeof(float) * kValues;
  add(name, work, [=]() -> Subject {
    struct State {
      Buffer<float> x = numbers(kValues, 1, 8), y{kValues}, want{kValues};
    };
    const auto state = std::make_shared<State>();
    for (std::size_t i = 0; i < kValues; ++i) state->want[i] = exact(f, state->x[i]);
    return {[=] { map(f, state->x.data(), state->y.data(), kValues); },
            [=] { return difference("value", state->y.span(), state->want.span(), tolerance(1)); },
            [=] {
              return std::map<std::string, double>{{"worst_ulp", worst_ulp(state->y, state->want)}};
            }};
  });
}

}  // namespace

void add_benchmarks() {
  for (const auto& [f, name] : {std::pair{Function::exp, "exp"}, std::pair{Function::tanh, "tanh"},
                                std::pair{Function::sigmoid, "sigmoid"}}) {
    const std::string prefix = "elementwise/" + std::string(name) + "/";
    add_map(f, prefix + "ours", ours);
    add_map(f, prefix + "Eigen", wide(best_isa()).eigen_map);
    add_map(f, prefix + "xsimd", wide(best_isa()).xsimd_map);
  }
}

}  // namespace dcrnn::bench
