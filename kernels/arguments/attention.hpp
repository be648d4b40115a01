// Arguments of the attention over two representations. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>

namespace dcrnn::kernels {

/// Two representations of a row, q and p, each of which attends to itself: with its query Q, key K and value
/// V, H wide,
///   e = Q . K / sqrt(H) in double;   a = softmax(e_q, e_p);   y = a_q V_q + a_p V_p
/// A row of q and of p is three rows at distance ld >= H, side by side: Q, K, V. Rows of y have the distance
/// ld too. What follows the H elements of a row, up to ld, may be read and overwritten with anything.
template <class Real>
struct AttentionForward {
  std::size_t B, H, ld;
  const Real* q;  ///< [B, 3 ld]
  const Real* p;  ///< [B, 3 ld]
  Real* a;        ///< [B, 2] a_q, a_p
  Real* y;        ///< [B, H]
};

/// The backward pass of AttentionForward for the same rows. An output may be the input of its name (dq of q,
/// dp of p), which it then replaces.
template <class Real>
struct AttentionBackward {
  std::size_t B, H, ld;
  const Real* q;   ///< [B, 3 ld]
  const Real* p;   ///< [B, 3 ld]
  const Real* a;   ///< [B, 2]
  const Real* dy;  ///< [B, H]
  Real* dq;        ///< [B, 3 ld]
  Real* dp;        ///< [B, 3 ld]
};

}  // namespace dcrnn::kernels
