#include "kernels/isa/layers.hpp"
#include "kernels/simd/table.hpp"

namespace dcrnn::kernels {

void avx2_layer(Table<float>& table) {
  simd::simd_layer<xsimd::fma3<xsimd::avx2>>(table);
}

}  // namespace dcrnn::kernels
