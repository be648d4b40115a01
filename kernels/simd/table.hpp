// The table of one architecture.
#pragma once

#include "kernels/simd/elementwise.hpp"
#include "kernels/simd/embedding.hpp"
#include "kernels/simd/gru.hpp"
#include "kernels/simd/loss.hpp"
#include "kernels/simd/matmul.hpp"
#include "kernels/simd/optimizer.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

template <class A>
Table<float> simd_table(Isa isa) {
  Table<float> table{};
  table.isa = isa;
  table.panel = kPanel<A>;
#define DCRNN_OP(name, Arguments) table.name = &name<A>;
#include "kernels/ops.inc"
#undef DCRNN_OP
  return table;
}

}  // namespace dcrnn::kernels::simd
