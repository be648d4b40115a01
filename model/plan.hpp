// What the walk over the layers adds up to besides the parameters: weight gradients, rows of the trace.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/arena.hpp"

namespace dcrnn::model {

/// Weight gradients to compute once a window of rows has passed backward: dW = dY^T X and db = column sums of
/// dY. A weight may be hit several times; the hits are added in the order in which they were planned.
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

  /// Adds another plan behind this one, as far as keep(offset) wants the gradient of that parameter.
  template <class Keep>
  void append(const GradientPlan& other, Keep&& keep) {
    for (const Product& product : other.products) {
      if (keep(product.weight)) products.push_back(product);
    }
    for (const Bias& bias : other.biases) {
      if (keep(bias.bias)) biases.push_back(bias);
    }
  }

  std::vector<Product> products;
  std::vector<Bias> biases;
};

/// Columns of a slot that hold one matrix [B, width].
struct Place {
  Slot slot = 0;
  std::size_t layer = 0, column = 0, width = 0;
};

/// Values that must stay on their side of 0, or of others, within a difference.
struct Kink {
  Place value;
  bool against = false;  ///< of `other`, as wide; else of 0
  Place other;
};

/// A value of the trace (docs/trace.md).
struct TraceRow {
  std::string name;
  Place value;
  bool repeated = false;      ///< one row, for all examples
  bool has_gradient = false;  ///< its gradient lies at `gradient`, if gradients of values are kept
  Place gradient;
};

}  // namespace dcrnn::model
