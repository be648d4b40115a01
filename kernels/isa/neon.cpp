#include "kernels/isa/layers.hpp"
#include "kernels/simd/table.hpp"

namespace dcrnn::kernels {

void neon_layer(Table<float>& table) {
  simd::simd_layer<xsimd::neon64>(table);
}

}  // namespace dcrnn::kernels
