// Arguments of the gate of a sharing block. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>

namespace dcrnn::kernels {

/// out [B, S] = g * s: the shared units a task lets in, written beside its private units (the concatenation
/// is the layout of out). With `g` null out = s; with g_row 0 one gate [S] serves all rows.
template <class Real>
struct GateForward {
  std::size_t B, S;
  const Real* s;  ///< [B, S]
  std::size_t ld_s;
  const Real* g;      ///< [B, S], [S] or null
  std::size_t g_row;  ///< row distance, or 0
  Real* out;
  std::size_t ld_out;
};

/// Backward of GateForward: ds += dout * g; da = dout * s * g * (1 - g), the gradient before the gate's
/// sigmoid.
template <class Real>
struct GateBackward {
  std::size_t B, S;
  const Real* s;
  std::size_t ld_s;  ///< of s, ds and da
  const Real* g;
  std::size_t g_row;
  const Real* dout;
  std::size_t ld_dout;
  Real* ds;  ///< += [B, S]
  Real* da;  ///< [B, S]; null when g is null
};

}  // namespace dcrnn::kernels
