// What an instruction set does better than those below it: each layer overrides ops of a table, in a file of
// its own with flags of its own. The format belongs to `pack` and to all ops that read an operand: a layer
// that has its own has all of these.
#pragma once

#include "kernels/table.hpp"

namespace dcrnn::kernels {

void sse2_layer(Table<float>& table);
void avx2_layer(Table<float>& table);
void avx512_layer(Table<float>& table);
void neon_layer(Table<float>& table);

}  // namespace dcrnn::kernels
