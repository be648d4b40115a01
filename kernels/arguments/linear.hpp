// Arguments of products and what goes with them. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>

#include "kernels/operand.hpp"

namespace dcrnn::kernels {

enum class Activation { none, relu, sigmoid, silu };

/// What becomes of the sums of a product.
template <class Real>
struct Epilogue {
  const Real* bias = nullptr;  ///< [N] or null
  Activation activation = Activation::none;
  bool accumulate = false;  ///< go on from C; without bias and activation
};

/// C [M, N] = act(A [M, K] R [K, N] + bias) or, with accumulate, C += A R. Every C(m, n) is one chain of
/// multiply-adds over k ascending (so its bytes depend on no tile, block or batch size), started at 0, or at
/// C(m, n) with accumulate; then bias, then act. They are fused where the instruction set can: not in
/// `reference` and `sse2`.
template <class Real>
struct Matmul {
  std::size_t M;
  const Real* a;  ///< A(m, k) = a[m * a_row + k * a_col]
  std::size_t a_row, a_col;
  Operand<const Real> r;  ///< a single part
  Epilogue<Real> epilogue;
  Real* c;
  std::size_t ldc;
};

/// Packs R [K, N], R(k, n) = r[k * k_stride + n * n_stride].
template <class Real>
struct Pack {
  const Real* r;
  std::size_t k_stride, n_stride;
  Operand<Real> to;  ///< [K, N], a single part or some of its columns
};

/// Out [N] (+)= sum over b ascending of x [B, N].
template <class Real>
struct ColumnSums {
  std::size_t B, N;
  const Real* x;
  std::size_t ldx;
  bool accumulate;
  Real* out;
};

}  // namespace dcrnn::kernels
