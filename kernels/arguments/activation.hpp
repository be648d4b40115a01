// Arguments of the activations. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>

namespace dcrnn::kernels {

/// dx = dy where y > 0, else 0. In place allowed (dx == dy).
template <class Real>
struct ReluBackward {
  std::size_t B, N;
  const Real* y;
  std::size_t ldy;
  const Real* dy;
  std::size_t ld_dy;
  Real* dx;
  std::size_t ld_dx;
};

/// dx = dy * silu'(a), with silu'(a) = sigma(a) (1 + a sigma(-a)). In place allowed: dx may be dy or a.
template <class Real>
struct SiluBackward {
  std::size_t B, N;
  const Real* a;
  std::size_t lda;
  const Real* dy;
  std::size_t ld_dy;
  Real* dx;
  std::size_t ld_dx;
};

/// y = f(x) elementwise; in place allowed.
template <class Real>
struct Map {
  std::size_t n;
  const Real* x;
  Real* y;
};

}  // namespace dcrnn::kernels
