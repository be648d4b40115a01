#include "kernels/isa/tables.hpp"
#include "kernels/simd/table.hpp"

namespace dcrnn::kernels {

Table<float> avx2_table() {
  return simd::simd_table<xsimd::fma3<xsimd::avx2>>(Isa::avx2);
}

}  // namespace dcrnn::kernels
