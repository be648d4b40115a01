// The table of kernels: one pointer per op, declared from the one list in ops.inc. Kernels are
// single-threaded, never allocate, never fail, know no layer. model/ splits rows and output tiles over
// threads.
//
// Letters: B rows of a block, D width, T tasks, M x N result of a product, K its reduction length.
// Everything is row-major. `ld` is the distance between two rows, in elements; where none is given rows are
// dense. Unless said otherwise pointers must not alias, need no alignment, and outputs are overwritten.
#pragma once

#include <cstddef>

#include "core/cpu.hpp"
#include "kernels/arguments/activation.hpp"
#include "kernels/arguments/attention.hpp"
#include "kernels/arguments/crossing.hpp"
#include "kernels/arguments/dropout.hpp"
#include "kernels/arguments/embedding.hpp"
#include "kernels/arguments/gate.hpp"
#include "kernels/arguments/gru.hpp"
#include "kernels/arguments/linear.hpp"
#include "kernels/arguments/loss.hpp"
#include "kernels/arguments/mix.hpp"
#include "kernels/arguments/optimizer.hpp"
#include "kernels/arguments/reduce.hpp"
#include "kernels/operand.hpp"

namespace dcrnn::kernels {

/// The kernels of one instruction set.
template <class Real>
struct Table {
  Isa isa;
  Format format;  ///< of `pack` and of all that reads what it has packed
#define DCRNN_OP(name, Arguments) void (*name)(const Arguments<Real>&);
#include "kernels/ops.inc"
#undef DCRNN_OP

  /// Elements of `parts` operands R [K, N], one behind the other.
  std::size_t packed_size(std::size_t K, std::size_t N, std::size_t parts = 1) const;
  /// The operands that lie, or are to be packed, at `data`.
  template <class Element>
  Operand<Element> operand(Element* data, std::size_t K, std::size_t N, std::size_t parts = 1) const {
    return {data, K, N, parts, format};
  }
};

/// The table of `isa` (which must be available; the double table exists for `reference` only). Every entry is
/// set.
template <class Real>
const Table<Real>& table(Isa isa);
extern template const Table<float>& table<float>(Isa);
extern template const Table<double>& table<double>(Isa);

}  // namespace dcrnn::kernels
