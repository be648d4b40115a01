// Attention over two representations of a row, each of which attends to itself (table.hpp has q, p and how
// they lie), and its gradient.
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/reference/activation.hpp"
#include "kernels/reference/reduce.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

/// The order of query, key and value in a row of q and p.
inline constexpr std::size_t kQuery = 0, kKey = 1, kValue = 2;

template <class Real>
void attention_forward(const AttentionForward<Real>& p) {
  const std::size_t H = p.H, ld = p.ld;
  const double scale = 1 / std::sqrt(static_cast<double>(H));
  for (std::size_t b = 0; b < p.B; ++b) {
    const Real *q = p.q + b * 3 * ld, *own = p.p + b * 3 * ld;

    // 1. e = Q . K / sqrt(H)
    const double e_q = scale * inner_product(H, q + kQuery * ld, q + kKey * ld);
    const double e_p = scale * inner_product(H, own + kQuery * ld, own + kKey * ld);

    // 2. a = softmax(e_q, e_p)
    const Real a_q = static_cast<Real>(sigmoid(e_q - e_p));
    const Real a_p = static_cast<Real>(sigmoid(e_p - e_q));
    p.a[b * 2] = a_q;
    p.a[b * 2 + 1] = a_p;

    // 3. y = a_q V_q + a_p V_p
    for (std::size_t j = 0; j < H; ++j) {
      p.y[b * ld + j] = a_q * q[kValue * ld + j] + a_p * own[kValue * ld + j];
    }
  }
}

template <class Real>
void attention_backward(const AttentionBackward<Real>& p) {
  const std::size_t H = p.H, ld = p.ld;
  const double scale = 1 / std::sqrt(static_cast<double>(H));
  for (std::size_t b = 0; b < p.B; ++b) {
    const Real *q = p.q + b * 3 * ld, *own = p.p + b * 3 * ld, *dy = p.dy + b * ld;
    Real *dq = p.dq + b * 3 * ld, *dp = p.dp + b * 3 * ld;
    const Real a_q = p.a[b * 2], a_p = p.a[b * 2 + 1];

    // 3. y = a_q V_q + a_p V_p
    // 2. a = softmax(e_q, e_p): de_q = a_q a_p (da_q - da_p) = -de_p, with da = dy . V
    double between = 0;
    for (std::size_t j = 0; j < H; ++j) {
      between += double{dy[j]} * (double{q[kValue * ld + j]} - double{own[kValue * ld + j]});
    }
    const double de_q = double{a_q} * double{a_p} * between;
    for (std::size_t j = 0; j < H; ++j) {
      dq[kValue * ld + j] = a_q * dy[j];
      dp[kValue * ld + j] = a_p * dy[j];
    }

    // 1. e = Q . K / sqrt(H)
    const Real to_q = static_cast<Real>(scale * de_q), to_p = -to_q;
    for (std::size_t j = 0; j < H; ++j) {
      const Real query_q = q[kQuery * ld + j], query_p = own[kQuery * ld + j];
      dq[kQuery * ld + j] = to_q * q[kKey * ld + j];
      dp[kQuery * ld + j] = to_p * own[kKey * ld + j];
      dq[kKey * ld + j] = to_q * query_q;
      dp[kKey * ld + j] = to_p * query_p;
    }
  }
}

}  // namespace dcrnn::kernels::reference
