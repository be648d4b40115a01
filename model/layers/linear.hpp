// y = act(x W^T + b): the building block of sharing, towers and heads. Derivation: docs/linear.md,
// docs/activation.md.
#pragma once

#include <string>

#include "model/build.hpp"

namespace dcrnn::model {

/// x W^T + b with the parameters <name>.weight [out, in] and <name>.bias [out].
class Linear {
 public:
  Linear() = default;
  Linear(Build& build, const std::string& name, const Stream& x, std::size_t out, Owner owner) : x_(x) {
    weight_ = build.parameter(name + ".weight", {out, x.width}, Init::uniform_fan_in, owner);
    bias_ = build.parameter(name + ".bias", {out}, Init::zeros, owner);
    forward_ = build.packs.add_forward(weight_, out, x.width);
    if (build.training()) backward_ = build.packs.add_backward(weight_, out, x.width);
    build.flops += 2.0 * static_cast<double>(out) * static_cast<double>(x.width);
  }

  /// y [count, out] with row distance ldy.
  template <class Real>
  void forward(const Pass<Real>& pass, kernels::Activation activation, Real* y, std::size_t ldy) const {
    pass.ops.matmul({pass.count,
                     pass.value(x_),
                     x_.ld,
                     1,
                     pass.packed[forward_],
                     {.bias = pass.parameters + bias_, .activation = activation},
                     y,
                     ldy});
  }

  /// y = x W^T + b, so dx += dy W; dy is the gradient before the activation.
  template <class Real>
  void backward(const Pass<Real>& pass, const Real* dy, std::size_t ld_dy) const {
    pass.ops.matmul({pass.count,
                     dy,
                     ld_dy,
                     1,
                     pass.packed[backward_].spread(row_distance(x_.width)),
                     {.accumulate = true},
                     pass.gradient(x_),
                     x_.ld});
  }

  /// Plans dW = dy^T x and db = sum of dy.
  void plan_gradient(Build& build, const Place& dy) const { build.weight_gradient(dy, x_, weight_, bias_); }

 private:
  Stream x_;
  std::size_t weight_ = 0, bias_ = 0;
  PackId forward_ = 0, backward_ = 0;
};

/// y = act(x W^T + b) as a value of the trace, called like its parameters; act is relu or silu.
class Dense {
 public:
  Dense() = default;
  /// With the activation of the model's units.
  Dense(Build& build, const std::string& name, const Stream& x, const Stream& y, Owner owner)
      : Dense(build, name, x, y, owner, build.activation) {}
  Dense(Build& build, const std::string& name, const Stream& x, const Stream& y, Owner owner,
        UnitActivation activation)
      : linear_(build, name, x, y.width, owner), y_(y), silu_(activation == UnitActivation::silu) {
    build.trace(name, y);
    if (!silu_) build.kink(y.place());
    if (!build.training()) return;
    if (silu_) a_ = build.arena.add(y.width);  // silu's derivative is not told by its output
    before_ = build.before_activation(y);
    linear_.plan_gradient(build, before_.gradient_place());
    training_ = true;
  }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    if (!silu_) return linear_.forward(pass, kernels::Activation::relu, pass.value(y_), y_.ld);
    if (!training_) return linear_.forward(pass, kernels::Activation::silu, pass.value(y_), y_.ld);
    Real* a = pass.at(a_);
    linear_.forward(pass, kernels::Activation::none, a, pass.arena.ld(a_));
    for (std::size_t b = 0; b < pass.count; ++b) {
      pass.ops.silu({y_.width, a + b * pass.arena.ld(a_), pass.value(y_) + b * y_.ld});
    }
  }

  /// From the gradient of y, complete, to that of x.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    const Real* dy = pass.gradient(y_);
    Real* da = pass.gradient(before_);
    if (silu_) {
      pass.ops.silu_backward(
          {pass.count, y_.width, pass.at(a_), pass.arena.ld(a_), dy, y_.ld, da, before_.ld});
    } else {
      pass.ops.relu_backward({pass.count, y_.width, pass.value(y_), y_.ld, dy, y_.ld, da, before_.ld});
    }
    linear_.backward(pass, da, before_.ld);
  }

 private:
  Linear linear_;
  Stream y_, before_;
  bool silu_ = false, training_ = false;
  Slot a_ = 0;  ///< silu, training: x W^T + b
};

}  // namespace dcrnn::model
