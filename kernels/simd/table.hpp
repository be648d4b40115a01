// The layer of one architecture.
#pragma once

#include "kernels/simd/attention.hpp"
#include "kernels/simd/crossing.hpp"
#include "kernels/simd/elementwise.hpp"
#include "kernels/simd/embedding.hpp"
#include "kernels/simd/gru.hpp"
#include "kernels/simd/loss.hpp"
#include "kernels/simd/matmul.hpp"
#include "kernels/simd/mix.hpp"
#include "kernels/simd/optimizer.hpp"
#include "kernels/simd/reduce.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

/// Every op as xsimd code for A.
template <class A>
void simd_layer(Table<float>& table) {
  static_assert(kColumnStep % kNr<A> == 0);
  table.format = {kNr<A>};
#define DCRNN_OP(name, Arguments) table.name = &name<A>;
#include "kernels/ops.inc"
#undef DCRNN_OP
}

}  // namespace dcrnn::kernels::simd
