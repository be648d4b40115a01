#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 takes the undefined vectors inside its own intrinsics for a mistake (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include "kernels/isa/tables.hpp"
#include "kernels/simd/table.hpp"

namespace dcrnn::kernels {

Table<float> avx512_table() {
  return simd::simd_table<xsimd::avx512bw>(Isa::avx512);
}

}  // namespace dcrnn::kernels
