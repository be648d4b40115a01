// The table of reference kernels: what every other table starts from.
#pragma once

#include "kernels/reference/activation.hpp"
#include "kernels/reference/attention.hpp"
#include "kernels/reference/crossing.hpp"
#include "kernels/reference/dropout.hpp"
#include "kernels/reference/embedding.hpp"
#include "kernels/reference/gate.hpp"
#include "kernels/reference/gru.hpp"
#include "kernels/reference/linear.hpp"
#include "kernels/reference/loss.hpp"
#include "kernels/reference/mix.hpp"
#include "kernels/reference/optimizer.hpp"
#include "kernels/reference/reduce.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

template <class Real>
Table<Real> reference_table() {
  Table<Real> table{};
  table.isa = Isa::reference;
  table.format = {kNr};
#define DCRNN_OP(name, Arguments) table.name = &name<Real>;
#include "kernels/ops.inc"
#undef DCRNN_OP
  return table;
}

}  // namespace dcrnn::kernels::reference
