// y = act(x W^T + b): the building block of sharing, towers and heads. Derivation: docs/sharing.md.
#pragma once

#include "model/builder.hpp"
#include "model/parameters.hpp"

namespace dcrnn::model {

class Linear {
 public:
  Linear() = default;
  Linear(Builder& builder, const LinearLayout& layout) : layout_(layout) {
    forward_ = builder.packs.add_forward(layout.weight, layout.out, layout.in);
    if (builder.training) backward_ = builder.packs.add_backward(layout.weight, layout.out, layout.in);
  }

  /// y [count, out] (row distance ldy) from the stream x [count, in].
  template <class Real>
  void forward(const Pass<Real>& pass, const Stream& x, kernels::Activation activation, Real* y,
               std::size_t ldy) const {
    pass.ops.matmul({pass.count, layout_.out, layout_.in, pass.at(x.value, x.layer), x.ld(), 1,
                     pass.packed[forward_], layout_.in * pass.ops.panel, pass.parameters + layout_.bias,
                     activation, false, y, ldy});
  }

  /// y = x W^T + b, so dx += dy W; dy is the gradient before the activation.
  template <class Real>
  void backward(const Pass<Real>& pass, const Real* dy, std::size_t ld_dy, const Stream& x) const {
    pass.ops.matmul({pass.count, pass.columns(layout_.in), layout_.out, dy, ld_dy, 1, pass.packed[backward_],
                     layout_.out * pass.ops.panel, nullptr, kernels::Activation::none, true,
                     pass.at(x.gradient), x.ld()});
  }

  /// Plans dW = dy^T x and db = sum of dy, dy being columns [column, column + out) of slot `dy`.
  void plan_gradient(GradientPlan& plan, Slot dy, std::size_t column, const Stream& x) const {
    plan.products.push_back(
        {{dy, 0, column, layout_.out, 1}, x.value, x.layer, layout_.weight, layout_.bias});
  }

 private:
  LinearLayout layout_;
  PackId forward_ = 0, backward_ = 0;
};

}  // namespace dcrnn::model
