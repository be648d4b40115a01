// exp, tanh and sigmoid on values in the first-level cache, beside Eigen's and xsimd's. `rows` are values.
#include <cmath>
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

void add_map(Function f, const std::string& name, Map map) {
  Work work;
  work.rows = kValues;
  work.bytes = 2 * sizeof(float) * kValues;
  add(name, work, [=]() -> Subject {
    const auto x = std::make_shared<Buffer<float>>(numbers(kValues, 1, 8));
    const auto y = std::make_shared<Buffer<float>>(kValues);
    return {[=] { map(f, x->data(), y->data(), kValues); },
            [=] {
              Buffer<float> want(kValues);
              for (std::size_t i = 0; i < kValues; ++i) want[i] = exact(f, (*x)[i]);
              return difference("value", y->span(), want.span(), tolerance(1));
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
