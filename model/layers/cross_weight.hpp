// A weight of a cross, which all its layers share if it is tied.
#pragma once

#include <string>

#include "model/build.hpp"

namespace dcrnn::model {

/// W [out, in] for products x W^T.
class CrossWeight {
 public:
  CrossWeight(Build& build, const std::string& name, std::size_t out, std::size_t in) : out_(out), in_(in) {
    weight_ = build.parameter(name, {out, in}, Init::uniform_fan_in, kEveryTask);
    forward_ = build.packs.add_forward(weight_, out, in);
    if (build.training()) backward_ = build.packs.add_backward(weight_, out, in);
  }

  /// y = epilogue(x W^T), rows of x [count, in] and y [count, out] at their row_distance.
  template <class Real>
  void forward(const Pass<Real>& pass, const Real* x, const kernels::Epilogue<Real>& epilogue,
               Real* y) const {
    const std::size_t ld = row_distance(out_);
    pass.ops.matmul({pass.count, x, row_distance(in_), 1, pass.packed[forward_].spread(ld), epilogue, y, ld});
  }
  /// The same for out = 1, y [count] without gaps.
  template <class Real>
  void forward_dense(const Pass<Real>& pass, const Real* x, Real* y) const {
    pass.ops.matmul({pass.count, x, row_distance(in_), 1, pass.packed[forward_], {}, y, out_});
  }

  /// dx += dy W; rows of dy at distance ldy.
  template <class Real>
  void backward(const Pass<Real>& pass, const Real* dy, std::size_t ldy, Real* dx,
                bool accumulate = true) const {
    const std::size_t ld = row_distance(in_);
    pass.ops.matmul(
        {pass.count, dy, ldy, 1, pass.packed[backward_].spread(ld), {.accumulate = accumulate}, dx, ld});
  }

  /// dW = dY^T X over the rows of `layers` layers, and db unless there is none.
  void plan_gradient(Build& build, Slot dy, std::size_t layer, std::size_t layers, Slot x,
                     std::size_t x_layer, std::size_t bias = GradientPlan::kNoBias) const {
    build.gradients.products.push_back({{dy, layer, 0, out_, layers}, x, x_layer, weight_, bias});
  }

 private:
  std::size_t out_, in_, weight_ = 0;
  PackId forward_ = 0, backward_ = 0;
};

}  // namespace dcrnn::model
