#include "kernels/isa/tables.hpp"
#include "kernels/simd/table.hpp"

namespace dcrnn::kernels {

Table<float> sse2_table() {
  return simd::simd_table<xsimd::sse2>(Isa::sse2);
}

}  // namespace dcrnn::kernels
