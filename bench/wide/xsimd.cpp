#include <xsimd/xsimd.hpp>

#include "bench/wide/internal.hpp"

namespace dcrnn::bench {

namespace {

using Vector = xsimd::batch<float>;

/// n is a multiple of the vector.
template <class F>
void map(const float* x, float* y, std::size_t n, F&& f) {
  for (std::size_t i = 0; i + Vector::size <= n; i += Vector::size)
    f(Vector::load_unaligned(x + i)).store_unaligned(y + i);
}

}  // namespace

void xsimd_map(Function f, const float* x, float* y, std::size_t n) {
  switch (f) {
    case Function::exp:
      return map(x, y, n, [](Vector v) { return xsimd::exp(v); });
    case Function::tanh:
      return map(x, y, n, [](Vector v) { return xsimd::tanh(v); });
    case Function::sigmoid:
      return map(x, y, n, [](Vector v) { return Vector(1.0F) / (Vector(1.0F) + xsimd::exp(-v)); });
  }
}

}  // namespace dcrnn::bench
