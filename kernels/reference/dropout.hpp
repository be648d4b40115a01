// Dropout. Its mask is a function of (seed, stream, row, unit), so it is not stored: the backward pass is the
// same op on the gradient.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/random.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

template <class Real>
void dropout(const Dropout<Real>& p) {
  const std::size_t blocks = (p.N + 3) / 4;  // four random words at a time
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::uint64_t index = (p.first_row + b) * blocks + block;
      const auto words = philox(p.seed, RandomUse::dropout, p.stream, index);
      for (std::size_t n = block * 4; n < p.N && n < block * 4 + 4; ++n) {
        Real& x = p.x[b * p.ldx + n];
        x = words[n % 4] < p.threshold ? Real{0} : x * p.scale;
      }
    }
  }
}

}  // namespace dcrnn::kernels::reference
