// What the layers share while a network is built and while rows pass through it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "kernels/table.hpp"
#include "model/arena.hpp"
#include "model/packed.hpp"

namespace dcrnn::model {

/// Weight gradients to compute once all rows of a batch have passed backward: dW = dY^T X and db = column
/// sums of dY.
class GradientPlan {
 public:
  static constexpr std::size_t kNoBias = static_cast<std::size_t>(-1);
  /// Columns [column, column + N) of dY, over the rows of `layers` layers from `layer` on.
  struct Rows {
    Slot dy;
    std::size_t layer, column, N, layers;
  };
  /// dW [N, width of X] at `weight` and db [N] at `bias` (offsets in the parameter arena); the rows of X
  /// begin at `x_layer`.
  struct Product {
    Rows rows;
    Slot x;
    std::size_t x_layer, weight, bias = kNoBias;
  };
  /// db alone.
  struct Bias {
    Rows rows;
    std::size_t bias;
  };

  std::vector<Product> products;
  std::vector<Bias> biases;
};

/// Collects what the layers need.
struct Builder {
  bool training = false;  ///< keep what the backward pass needs, and plan it
  ArenaPlan arena;
  PackPlan packs;
  GradientPlan gradients;
  std::uint32_t dropout_streams = 0;
};

/// Dropout of one training step. Rates of 0 leave everything as it is.
struct DropoutState {
  std::uint64_t seed = 0;
  std::uint64_t first_row = 0;  ///< ordinal of the batch's row 0 among all rows trained
  double input = 0, sharing = 0, tower = 0;
};

/// A block of rows on its way through the layers: arena rows [row, row + count), which are the batch's from
/// batch_row on.
template <class Real>
struct Pass {
  const kernels::Table<Real>& ops;
  const Real* parameters;
  const Packed<Real>& packed;
  Arena<Real>& arena;
  std::size_t row, count, batch_row;
  const DropoutState* dropout;  ///< null: off

  Real* at(Slot slot, std::size_t layer = 0) const { return arena.at(slot, row, layer); }
  /// Columns of a product whose result has the rows of a slot `width` wide to itself.
  std::size_t columns(std::size_t width) const {
    return kernels::padded_columns(width, row_distance(width), ops.panel);
  }
  /// Zeroes this block's rows of a slot.
  void clear(Slot slot, std::size_t layer = 0) const {
    std::fill_n(at(slot, layer), count * arena.ld(slot), Real{0});
  }
  /// Applies the mask of `stream` in place; forward and backward alike.
  void drop(double rate, std::uint32_t stream, Slot slot) const {
    if (dropout == nullptr || rate <= 0) return;
    ops.dropout({count, arena.width(slot), at(slot), arena.ld(slot), dropout->seed, stream,
                 dropout->first_row + batch_row, static_cast<std::uint32_t>(rate * 4294967296.0),
                 static_cast<Real>(1 / (1 - rate))});
  }
};

/// Where one stream of values lies and where its gradient is gathered (training only). Gradients are zeroed
/// before the backward pass and every user of the stream adds to them.
struct Stream {
  Slot value = 0;
  std::size_t layer = 0;
  Slot gradient = 0;
  std::size_t width = 0;

  std::size_t ld() const { return row_distance(width); }
};

/// Receives named tensors of a trace.
template <class Real>
struct TraceSink {
  /// Gives the place for a tensor of this name and shape.
  std::function<Real*(const std::string& name, std::vector<std::size_t> shape)> tensor;

  /// Copies the first `rows` rows of width columns from a matrix with row distance ld.
  void copy(const std::string& name, const Real* from, std::size_t rows, std::size_t width,
            std::size_t ld) const {
    Real* to = tensor(name, {rows, width});
    for (std::size_t b = 0; b < rows; ++b) std::copy_n(from + b * ld, width, to + b * width);
  }
};

}  // namespace dcrnn::model
