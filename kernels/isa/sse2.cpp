#include "kernels/isa/layers.hpp"
#include "kernels/simd/table.hpp"

namespace dcrnn::kernels {

void sse2_layer(Table<float>& table) {
  simd::simd_layer<xsimd::sse2>(table);
}

}  // namespace dcrnn::kernels
