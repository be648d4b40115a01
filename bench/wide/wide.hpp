// What has to be compiled for the processor it runs on: peaks, Eigen, xsimd. One module per instruction set.
#pragma once

#include <cstddef>

#include "bench/product.hpp"
#include "core/cpu.hpp"

namespace dcrnn::bench {

enum class Function { exp, tanh, sigmoid };

struct Wide {
  /// Does `rounds` rounds of multiply-adds on registers; the flops of a round.
  double (*multiply_add)(std::size_t rounds);
  /// Sum of x [n].
  float (*read)(const float* x, std::size_t n);
  /// y = y + a x, [n].
  void (*update)(float a, const float* x, float* y, std::size_t n);
  void (*eigen_product)(const ProductTask& task);
  void (*eigen_map)(Function f, const float* x, float* y, std::size_t n);
  void (*xsimd_map)(Function f, const float* x, float* y, std::size_t n);
  const char* eigen_chose;
};

/// Throws std::runtime_error if there is no module for it.
const Wide& wide(Isa isa);

}  // namespace dcrnn::bench
