#include <array>
#include <xsimd/xsimd.hpp>

#include "bench/wide/internal.hpp"
#include "kernels/simd/lanes.hpp"

namespace dcrnn::bench {

namespace {

using Vector = xsimd::batch<float>;

}  // namespace

/// Twelve chains that wait for nothing but themselves: enough for two units of latency 4 or 5, and few enough
/// for 16 registers.
double multiply_add(std::size_t rounds) {
  constexpr std::size_t kChains = 12, kUnrolled = 8;
  std::array<Vector, kChains> sums;
  for (std::size_t i = 0; i < kChains; ++i) sums[i] = Vector(static_cast<float>(i));
  volatile float source = 0.5F;
  const Vector factor(source), term(source);
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t step = 0; step < kUnrolled; ++step) {
      for (Vector& sum : sums) sum = kernels::simd::multiply_add(sum, factor, term);
    }
  }
  Vector total(0.0F);
  for (const Vector& sum : sums) total += sum;
  volatile float sink = xsimd::hadd(total);
  (void)sink;
  return 2.0 * static_cast<double>(kChains * kUnrolled * Vector::size);
}

float read(const float* x, std::size_t n) {
  constexpr std::size_t kChains = 8, kStep = kChains * Vector::size;
  std::array<Vector, kChains> sums;
  sums.fill(Vector(0.0F));
  for (std::size_t i = 0; i + kStep <= n; i += kStep) {
    for (std::size_t j = 0; j < kChains; ++j) sums[j] += Vector::load_unaligned(x + i + j * Vector::size);
  }
  Vector total(0.0F);
  for (const Vector& sum : sums) total += sum;
  return xsimd::hadd(total);
}

void update(float a, const float* x, float* y, std::size_t n) {
  const Vector factor(a);
  for (std::size_t i = 0; i + Vector::size <= n; i += Vector::size) {
    kernels::simd::multiply_add(factor, Vector::load_unaligned(x + i), Vector::load_unaligned(y + i))
        .store_unaligned(y + i);
  }
}

}  // namespace dcrnn::bench
