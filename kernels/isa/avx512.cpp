#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 takes the undefined vectors inside its own intrinsics for a mistake (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include "kernels/isa/layers.hpp"
#include "kernels/simd/table.hpp"

namespace dcrnn::kernels {

void avx512_layer(Table<float>& table) {
  simd::simd_layer<xsimd::avx512bw>(table);
}

}  // namespace dcrnn::kernels
