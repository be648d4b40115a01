// The last layer of a task: logit_t = y_t w_t^T + b_t. Derivation: docs/tower.md.
#pragma once

#include "model/layers/linear.hpp"

namespace dcrnn::model {

/// The head of task t; `logits` [B, T] has a column for every task.
class Head {
 public:
  Head(Build& build, std::size_t t, const Stream& y, const Stream& logits)
      : linear_(build, "head." + build.tasks[t].name, y, 1, t), logit_(logits.columns(t, 1)) {
    if (build.training()) linear_.plan_gradient(build, logit_.gradient_place());
  }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    linear_.forward(pass, kernels::Activation::none, pass.value(logit_), logit_.ld);
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    linear_.backward(pass, pass.gradient(logit_), logit_.ld);
  }

 private:
  Linear linear_;
  Stream logit_;
};

}  // namespace dcrnn::model
