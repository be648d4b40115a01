// The states of a cross: h^0 = x0 .. h^L.
#pragma once

#include <algorithm>

#include "model/build.hpp"

namespace dcrnn::model {

/// Where the states of a cross lie: behind x0, so that the rows of all layers form one matrix [L B, D];
/// scoring takes turns between two. Their gradients lie in one slot, each in a layer of its own if the cross
/// asks for it, or if gradients are kept; else every one takes the place of the one before.
class States {
 public:
  States() = default;
  States(Build& build, const Stream& x0, std::size_t layers, bool own_gradients)
      : L(layers),
        training_(build.training()),
        own_gradients_(own_gradients || build.purpose.keep_gradients),
        x0_(x0),
        first_(L == 0 ? 0 : build.arena.extend(x0.value, training_ ? L : std::min<std::size_t>(L, 2))) {
    if (L == 0 || !training_) return;
    gradient_ = build.arena.add(x0.width, own_gradients_ ? L + 1 : 1);
    build.clear(gradient_, gradient_layer(L));
  }

  /// h^l with its gradient; h^0 as a state, whose gradient is a part of x0's.
  Stream operator[](std::size_t l) const {
    Stream h = x0_;
    h.layer = l == 0 ? 0 : first_ + (training_ ? l - 1 : (l - 1) % 2);
    h.gradient = gradient_;
    h.gradient_layer = gradient_layer(l);
    return h;
  }
  /// h^L for the layers above.
  Stream output() const { return L == 0 ? x0_ : (*this)[L]; }
  const Stream& x0() const { return x0_; }

  std::size_t L = 0;

 private:
  std::size_t gradient_layer(std::size_t l) const { return own_gradients_ ? l : 0; }

  bool training_ = false, own_gradients_ = false;
  Stream x0_;
  std::size_t first_ = 0;  ///< the layer of x0's slot where h^1 lies
  Slot gradient_ = 0;
};

}  // namespace dcrnn::model
