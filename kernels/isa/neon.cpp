#include "kernels/isa/tables.hpp"
#include "kernels/simd/table.hpp"

namespace dcrnn::kernels {

Table<float> neon_table() {
  return simd::simd_table<xsimd::neon64>(Isa::neon);
}

}  // namespace dcrnn::kernels
