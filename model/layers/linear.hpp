// y = act(x W^T + b): the building block of sharing, towers and heads. Derivation: docs/sharing.md.
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

/// y = relu(x W^T + b) as a value of the trace, called like its parameters.
class Dense {
 public:
  Dense() = default;
  Dense(Build& build, const std::string& name, const Stream& x, const Stream& y, Owner owner)
      : linear_(build, name, x, y.width, owner), y_(y) {
    build.trace(name, y);
    build.kink(y.place());
    if (!build.training()) return;
    before_ = build.before_activation(y);
    linear_.plan_gradient(build, before_.gradient_place());
  }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    linear_.forward(pass, kernels::Activation::relu, pass.value(y_), y_.ld);
  }

  /// From the gradient of y, complete, to that of x.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    Real* da = pass.gradient(before_);
    pass.ops.relu_backward(
        {pass.count, y_.width, pass.value(y_), y_.ld, pass.gradient(y_), y_.ld, da, before_.ld});
    linear_.backward(pass, da, before_.ld);
  }

 private:
  Linear linear_;
  Stream y_, before_;
};

}  // namespace dcrnn::model
