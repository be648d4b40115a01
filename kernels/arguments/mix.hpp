// Arguments of weighted sums of units, and of the weights. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>

namespace dcrnn::kernels {

/// A matrix [B, count m] of `count` groups of m columns each: the outputs of as many experts.
template <class Element>
struct Units {
  Element* data;
  std::size_t ld, count;
};

/// out [B, m] = sum over i of g_i E_i, E_i the groups of all sources one after the other, n of them. With
/// g_row 0 one row of weights serves all rows.
template <class Real>
struct MixForward {
  std::size_t B, m;
  const Units<const Real>* units;  ///< [sources]
  std::size_t sources;
  const Real* g;      ///< [B, n] or [n]
  std::size_t g_row;  ///< row distance, or 0
  Real* out;          ///< [B, m]; must not alias a source
  std::size_t ld_out;
};

/// Backward of MixForward: dE_i += g_i dout; dg_i = dout . E_i, summed in double.
template <class Real>
struct MixBackward {
  std::size_t B, m;
  const Units<const Real>* units;  ///< [sources]
  const Units<Real>* dunits;       ///< += [sources], each as wide as its source
  std::size_t sources;
  const Real* g;
  std::size_t g_row;
  const Real* dout;  ///< [B, m]
  std::size_t ld_dout;
  Real* dg;  ///< [B, n], with g_row 0 too; null: not needed
  std::size_t ld_dg;
};

/// g = softmax of every row of a, computed in double. Of a single element it is exactly 1.
template <class Real>
struct SoftmaxForward {
  std::size_t B, n;
  const Real* a;  ///< [B, n]
  std::size_t lda;
  Real* g;  ///< [B, n]; may be a
  std::size_t ldg;
};

/// Backward of SoftmaxForward: da_i = g_i (dg_i - sum over j of g_j dg_j), computed in double. Of a single
/// element it is exactly 0.
template <class Real>
struct SoftmaxBackward {
  std::size_t B, n;
  const Real* g;      ///< [B, n] or [n]
  std::size_t g_row;  ///< row distance, or 0
  const Real* dg;     ///< [B, n]
  std::size_t ld_dg;
  Real* da;  ///< [B, n]; may be dg
  std::size_t ld_da;
};

}  // namespace dcrnn::kernels
