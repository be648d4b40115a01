// Reductions over a span, in double.
#pragma once

#include <cstddef>

#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

/// x . y.
template <class Real>
double inner_product(std::size_t n, const Real* x, const Real* y) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += double{x[i]} * double{y[i]};
  return sum;
}

template <class Real>
void square_sum(const SquareSum<Real>& p) {
  *p.out = inner_product(p.n, p.x, p.x);
}

template <class Real>
void dot(const Dot<Real>& p) {
  *p.out = inner_product(p.n, p.x, p.y);
}

}  // namespace dcrnn::kernels::reference
