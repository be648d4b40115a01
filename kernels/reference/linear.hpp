// Products. One routine serves the layer y = act(x W^T + b) and both of its gradients; only what is packed
// and how A is read changes:
//   forward   y  [B, out] = x [B, in] W^T    A = x,           R = W^T (k over in)
//   backward  dx [B, in]  = dy [B, out] W    A = dy,          R = W   (k over out)
//             dW [out, in] = dy^T x          A = dy, columns, R = x   (k over B)
//             db [out]    = column sums of dy
#pragma once

#include <cstddef>

#include "kernels/reference/activation.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

/// Columns per panel of a packed operand.
inline constexpr std::size_t kNr = 8;

/// Puts kNr columns of R side by side for each k, in the order in which the product reads them.
template <class Real>
void pack(const Pack<Real>& p) {
  const std::size_t K = p.to.K, N = p.to.N;
  for (std::size_t n0 = 0; n0 < N; n0 += kNr) {
    Real* panel = p.to.data + n0 * K;
    for (std::size_t k = 0; k < K; ++k) {
      for (std::size_t j = 0; j < kNr; ++j) {
        const std::size_t n = n0 + j;
        panel[k * kNr + j] = n < N ? p.r[k * p.k_stride + n * p.n_stride] : Real{0};
      }
    }
  }
}

/// C(m, n) = act(sum over k of A(m, k) R(k, n) + bias(n)), a panel of columns at a time. Multiplies and adds
/// are not fused here: without hardware for it a fused one is a slow library call.
template <class Real>
void matmul(const Matmul<Real>& p) {
  const std::size_t K = p.r.K, N = p.r.N;
  const auto& [bias, activation, accumulate] = p.epilogue;
  for (std::size_t m = 0; m < p.M; ++m) {
    const Real* a = p.a + m * p.a_row;
    Real* c = p.c + m * p.ldc;
    for (std::size_t n0 = 0; n0 < N; n0 += kNr) {
      const Real* panel = p.r.data + n0 * K;
      const std::size_t columns = N - n0 < kNr ? N - n0 : kNr;
      Real sum[kNr] = {};
      if (accumulate) {
        for (std::size_t j = 0; j < columns; ++j) sum[j] = c[n0 + j];
      }
      for (std::size_t k = 0; k < K; ++k) {
        const Real a_k = a[k * p.a_col];
        for (std::size_t j = 0; j < kNr; ++j) sum[j] += a_k * panel[k * kNr + j];
      }
      for (std::size_t j = 0; j < columns; ++j) {
        const Real biased = bias != nullptr ? sum[j] + bias[n0 + j] : sum[j];
        c[n0 + j] = activate(activation, biased);
      }
    }
  }
}

template <class Real>
void column_sums(const ColumnSums<Real>& p) {
  for (std::size_t n = 0; n < p.N && !p.accumulate; ++n) p.out[n] = 0;
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t n = 0; n < p.N; ++n) p.out[n] += p.x[b * p.ldx + n];
  }
}

}  // namespace dcrnn::kernels::reference
