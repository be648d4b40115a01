// Arguments of the crossings without a state. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>

namespace dcrnn::kernels {

/// h_next = x0 * u * g + h: each feature crossed by a number of its own; with `g` null h_next = x0 * u + h.
/// All matrices have one row distance, ld >= D. What follows the D elements of a row, up to ld, may be read
/// and overwritten with anything: whole vectors pass over it.
template <class Real>
struct CrossingForward {
  std::size_t B, D, ld;
  const Real* x0;  ///< [B, D]
  const Real* u;   ///< [B, D]
  const Real* g;   ///< [B, D] or null
  const Real* h;   ///< [B, D]
  Real* h_next;    ///< [B, D]; may be h
};

/// The backward pass of CrossingForward for the same rows, which lie as there. An output may be the input of
/// its name (du of u, da of g, dh of dh_next), which it then replaces.
template <class Real>
struct CrossingBackward {
  std::size_t B, D, ld;
  const Real* x0;       ///< [B, D]
  const Real* u;        ///< [B, D]
  const Real* g;        ///< [B, D] or null
  const Real* dh_next;  ///< [B, D] gradient of h_next
  Real* du;             ///< [B, D]
  Real* da;             ///< [B, D] gradient before g's sigmoid; null when g is null
  Real* dx0;            ///< += [B, D]
  Real* dh;             ///< [B, D] gradient of h: dh_next
};

/// h_next = u x0 + b + h: all features of a row crossed by the same number. Rows lie as in CrossingForward.
template <class Real>
struct VectorCrossingForward {
  std::size_t B, D, ld;
  const Real* x0;    ///< [B, D]
  const Real* u;     ///< [B]
  const Real* bias;  ///< [ld] b, followed by a gap like a row's
  const Real* h;     ///< [B, D]
  Real* h_next;      ///< [B, D]; may be h
};

/// The backward pass of VectorCrossingForward; db, the column sums of dh_next, is left to the caller. An
/// output may be the input of its name (du of u, dh of dh_next).
template <class Real>
struct VectorCrossingBackward {
  std::size_t B, D, ld;
  const Real* x0;       ///< [B, D]
  const Real* u;        ///< [B]
  const Real* dh_next;  ///< [B, D] gradient of h_next
  Real* du;             ///< [B], summed in double
  Real* dx0;            ///< += [B, D]
  Real* dh;             ///< [B, D] gradient of h: dh_next
};

}  // namespace dcrnn::kernels
