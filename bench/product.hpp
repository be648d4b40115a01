// The three products of a linear layer y = x W^T, as every peer gets them.
#pragma once

#include <cstddef>

namespace dcrnn::bench {

/// y = x W^T; dx = dy W; dw = dy^T x.
enum class Product { forward, dx, dw };

struct ProductTask {
  Product kind;
  std::size_t B, in, out;
  const float* x;   ///< [B, in]
  const float* dy;  ///< [B, out]
  const float* w;   ///< [out, in], known beforehand: a peer may pack it
  float* result;    ///< [B, out], [B, in] or [out, in]

  std::size_t result_size() const {
    return kind == Product::forward ? B * out : kind == Product::dx ? B * in : out * in;
  }
  /// Length of the sum behind one result.
  std::size_t reduction() const { return kind == Product::forward ? in : kind == Product::dx ? out : B; }
  /// A multiplication and an addition for every term.
  double flops() const { return 2.0 * static_cast<double>(B * in * out); }
};

}  // namespace dcrnn::bench
