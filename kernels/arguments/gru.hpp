// Arguments of the GRU steps. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>

#include "kernels/operand.hpp"

namespace dcrnn::kernels {

/// One GRU step on B rows with its state product fused in; D is the width of the state.
///   candidate cross: a = [gx_r, gx_z] + h U_rz^T + d_rz; r = sigma(a_r); z = sigma(a_z); c = sigma(-a_z);
///                    reset = r * h; candidate = u = reset U_n^T + d_n; h_next = h + c * x0 * u
///   candidate tanh:  same r, z, c; reset = h U_n^T + d_n; candidate = n = tanh(gx_n + r * reset);
///                    h_next = c * n + z * h
/// All matrices have one row distance, ld >= D; a row of `gates` is two such rows, r and z, side by side, a
/// row of `gx` two (cross) or three (tanh: r, z, n). What follows the D elements of a row, up to ld, may be
/// read and overwritten with anything: whole vectors pass over it.
template <class Real>
struct GruForward {
  std::size_t B, D, ld;
  const Real* x0;         ///< [B, D], cross only
  const Real* gx;         ///< [B, 2 ld] or [B, 3 ld] input product with b
  const Real* h;          ///< [B, D]
  Operand<const Real> u;  ///< U_r^T, U_z^T and U_n^T: three parts [D, D]
  const Real* bias_hh;    ///< [3 ld] d_r, d_z and d_n, each followed by a gap like a row's
  Real* gates;            ///< [B, 2 ld] r, z
  Real* carry;            ///< [B, D] c = 1 - z
  Real* reset;            ///< [B, D], see above
  Real* candidate;        ///< [B, D], see above
  Real* h_next;           ///< [B, D]; must not alias h
};

/// The backward pass of GruForward for the same rows, which lie as there. An output may be the input of its
/// name (da of gates, dcandidate of candidate, dreset of reset, dh of dh_next), which it then replaces; the
/// bytes are the same. Otherwise nothing that came in is changed, but for what is added to.
template <class Real>
struct GruBackward {
  std::size_t B, D, ld;
  const Real* x0;              ///< [B, D], cross only
  const Real* h;               ///< [B, D] the step's state
  Operand<const Real> u_back;  ///< U_r, U_z and U_n: three parts [D, D]
  const Real* gates;           ///< [B, 2 ld]
  const Real* carry;           ///< [B, D]
  const Real* reset;           ///< [B, D], tanh only
  const Real* candidate;       ///< [B, D]
  const Real* dh_next;         ///< [B, D] gradient of h_next
  Real* da;                    ///< [B, 2 ld] da_r, da_z
  Real* dcandidate;            ///< [B, D] du (cross) or da_n (tanh)
  Real* dreset;  ///< [B, D] gradient of reset: of r * h (cross) or h U_n^T + d_n, r * da_n (tanh)
  Real* dh;      ///< [B, D] gradient of h
  Real* dgx;     ///< += [B, 2 ld] (cross) or [B, 3 ld] (tanh)
  Real* dx0;     ///< += [B, D], cross only
};

}  // namespace dcrnn::kernels
