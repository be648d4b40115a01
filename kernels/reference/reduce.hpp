// Reductions over a span.
#pragma once

#include <cstddef>

#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

template <class Real>
void square_sum(const SquareSum<Real>& p) {
  double sum = 0;
  for (std::size_t i = 0; i < p.n; ++i) sum += double{p.x[i]} * double{p.x[i]};
  *p.out = sum;
}

}  // namespace dcrnn::kernels::reference
