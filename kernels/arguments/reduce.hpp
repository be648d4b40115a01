// Arguments of reductions over a span. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>

namespace dcrnn::kernels {

/// Sum of squares of a span in double, in an order fixed by n alone. Infinite or NaN if any element is.
template <class Real>
struct SquareSum {
  std::size_t n;
  const Real* x;
  double* out;
};

/// Inner product x . y of two spans in double, in an order fixed by n alone.
template <class Real>
struct Dot {
  std::size_t n;
  const Real *x, *y;
  double* out;
};

}  // namespace dcrnn::kernels
