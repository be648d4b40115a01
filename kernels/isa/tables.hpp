// The tables of the instruction sets, each made in a file of its own with flags of its own. An op without a
// vector kernel is null.
#pragma once

#include "kernels/table.hpp"

namespace dcrnn::kernels {

Table<float> sse2_table();
Table<float> avx2_table();
Table<float> avx512_table();
Table<float> neon_table();

}  // namespace dcrnn::kernels
