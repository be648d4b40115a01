// The numbers of all rate fields, brought down to a few. Derivation: docs/rates.md.
#pragma once

#include "model/build.hpp"

namespace dcrnn::model {

/// The last columns of x0: rate [B, n] R^T with R = project.weight [m, n], no bias.
class Projection {
 public:
  /// `to`: those m columns.
  Projection(Build& build, const Stream& rate, const Stream& to) : rate_(rate), to_(to) {
    const std::size_t m = to.width, n = rate.width;
    weight_ = build.parameter("project.weight", {m, n}, Init::uniform_fan_in, kEveryTask);
    forward_ = build.packs.add_forward(weight_, m, n);
    build.flops += 2.0 * static_cast<double>(m) * static_cast<double>(n);
    // x0 = rate R^T, so dR = dx0^T rate; nothing below learns.
    if (build.training()) build.weight_gradient(to.gradient_place(), rate, weight_);
  }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    if (pass.x0 != nullptr) return;  // given whole
    pass.ops.matmul(
        {pass.count, pass.value(rate_), rate_.ld, 1, pass.packed[forward_], {}, pass.value(to_), to_.ld});
  }

  template <class Real>
  void backward(const Pass<Real>& /*pass*/) const {}

 private:
  Stream rate_, to_;
  std::size_t weight_ = 0;
  PackId forward_ = 0;
};

}  // namespace dcrnn::model
