// The last layer of a task: logit_t = y_t w_t^T + b_t, and the wide term. Derivation: docs/tower.md.
#pragma once

#include "model/layers/linear.hpp"

namespace dcrnn::model {

/// logit_t += wide_t, if there is a wide term: `wide` [B, T], else of width 0.
template <class Real>
void add_wide(const Pass<Real>& pass, const Stream& wide, std::size_t t, const Stream& logit) {
  if (wide.width == 0) return;
  const Real* from = pass.value(wide) + t;
  Real* to = pass.value(logit);
  for (std::size_t b = 0; b < pass.count; ++b) to[b * logit.ld] += from[b * wide.ld];
}

/// The head of task t; `logits` [B, T] has a column for every task.
class Head {
 public:
  Head(Build& build, std::size_t t, const Stream& y, const Stream& logits, const Stream& wide)
      : linear_(build, "head." + build.tasks[t].name, y, 1, t),
        logit_(logits.columns(t, 1)),
        wide_(wide),
        t_(t) {
    if (build.training()) linear_.plan_gradient(build, logit_.gradient_place());
  }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    linear_.forward(pass, kernels::Activation::none, pass.value(logit_), logit_.ld);
    add_wide(pass, wide_, t_, logit_);
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    linear_.backward(pass, pass.gradient(logit_), logit_.ld);
  }

 private:
  Linear linear_;
  Stream logit_, wide_;
  std::size_t t_;
};

/// In its place where no network stands below: logit_t = b_t + wide_t.
class LoneHead {
 public:
  LoneHead(Build& build, std::size_t t, const Stream& logits, const Stream& wide)
      : logit_(logits.columns(t, 1)), wide_(wide), t_(t) {
    bias_ = build.parameter("head." + build.tasks[t].name + ".bias", {1}, Init::zeros, t);
    if (!build.training()) return;
    const Place dlogit = logit_.gradient_place();
    build.gradients.biases.push_back({{dlogit.slot, dlogit.layer, dlogit.column, 1, 1}, bias_});
  }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    Real* logit = pass.value(logit_);
    for (std::size_t b = 0; b < pass.count; ++b) logit[b * logit_.ld] = pass.parameters[bias_];
    add_wide(pass, wide_, t_, logit_);
  }

  /// db = sum of dlogit is planned; nothing lies below.
  template <class Real>
  void backward(const Pass<Real>& /*pass*/) const {}

 private:
  Stream logit_, wide_;
  std::size_t t_, bias_ = 0;
};

}  // namespace dcrnn::model
