// Transfer from a task to the one after it: y_t <- GRU(input y_t, state y_parent), the textbook candidate.
// Derivation: docs/transfer.md.
#pragma once

#include <string>
#include <string_view>

#include "model/layers/gru.hpp"

namespace dcrnn::model {

/// Kind of transfer: `y` is the representation of task t, `parent` its parent's, transferred already; both H
/// wide.
class GruTransfer {
 public:
  struct Config {
    using Kind = GruTransfer;
    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "gru";
  static constexpr std::string_view kPage = "docs/transfer.md";
  static constexpr KeyList kKeys = {};

  GruTransfer(Build& build, const Config& /*config*/, std::size_t t, const Stream& y, const Stream& parent)
      : y_(y),
        parent_(parent),
        cell_(build, "transfer." + build.tasks[t].name, Candidate::tanh, y.width, y.width, t),
        slots_(build, Candidate::tanh, y.width, 1, 1),
        out_(build.value(y.width)) {
    build.flops += cell_.input_flops() + cell_.step_flops();
    build.trace("transfer." + build.tasks[t].name, out_);
    if (!build.training()) return;
    dstate_ = build.purpose.keep_gradients ? build.arena.add(y.width) : out_.gradient;
    cell_.plan_gradients(build.gradients, slots_, 0, 1, 0, y, parent);
  }

  const Stream& output() const { return out_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    // 1. gx = y_t W^T + b
    cell_.input_product(pass, slots_, pass.value(y_));
    // 2. y_t' = GRU(gx, y_parent)
    cell_.forward(pass, slots_, 0, static_cast<const Real*>(nullptr), pass.value(parent_), pass.value(out_));
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    pass.clear(slots_.dgx);
    // 2. y_t' = GRU(gx, y_parent)
    cell_.backward(pass, slots_, 0, 0, static_cast<const Real*>(nullptr), pass.value(parent_),
                   pass.gradient(out_), pass.at(dstate_), static_cast<Real*>(nullptr));
    pass.add(pass.at(dstate_), pass.gradient(parent_), out_.width);
    // 1. gx = y_t W^T + b
    cell_.input_backward(pass, slots_, 0, pass.gradient(y_));
  }

 private:
  Stream y_, parent_;
  GruCell cell_;
  GruSlots slots_;
  Stream out_;
  Slot dstate_ = 0;  ///< the gradient of the parent's representation through the step
};

}  // namespace dcrnn::model
