// Transfer from a task to the one after it: y_t <- GRU(input y_t, state y_parent), the
// textbook candidate. Derivation: docs/transfer.md.
#pragma once

#include <string>

#include "model/layers/gru.hpp"

namespace dcrnn::model {

class Transfer {
 public:
  /// `y` is the task's own representation, `parent` its parent's, transferred already; both H wide.
  Transfer(Builder& builder, const GruLayout& layout, const Stream& y, const Stream& parent)
      : y_(y), parent_(parent), cell_(builder, layout), slots_(GruCell::plan_slots(builder, layout, 1, 1)) {
    out_ = {builder.arena.add(y.width), 0, builder.training ? builder.arena.add(y.width) : 0, y.width};
    if (!builder.training) return;
    cell_.plan_gradients(builder.gradients, slots_, 0, 1, 0, {y.value, y.layer},
                         {parent.value, parent.layer});
  }

  const Stream& output() const { return out_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    // 1. gx = y_t W^T + b   2. y_t' = GRU(gx, y_parent)
    cell_.input_product(pass, slots_, pass.at(y_.value, y_.layer));
    cell_.forward(pass, slots_, 0, static_cast<const Real*>(nullptr), pass.at(parent_.value, parent_.layer),
                  pass.at(out_.value));
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    Real* dh = pass.at(out_.gradient);
    pass.clear(slots_.gx);
    // 2. y_t' = GRU(gx, y_parent)
    cell_.backward(pass, slots_, 0, 0, static_cast<const Real*>(nullptr),
                   pass.at(parent_.value, parent_.layer), dh, static_cast<Real*>(nullptr));
    Real* dparent = pass.at(parent_.gradient);
    for (std::size_t i = 0; i < pass.count * out_.ld(); ++i) dparent[i] += dh[i];
    // 1. gx = y_t W^T + b
    cell_.input_backward(pass, slots_, 0, pass.at(y_.gradient));
  }

  template <class Real>
  void clear_gradients(const Pass<Real>& pass) const {
    pass.clear(out_.gradient);
  }

  template <class Real>
  void trace(const Arena<Real>& arena, const TraceSink<Real>& sink, const std::string& task) const {
    sink.copy("transfer." + task, arena.at(out_.value), arena.rows(), out_.width, out_.ld());
  }

 private:
  Stream y_, parent_, out_;
  GruCell cell_;
  GruSlots slots_;
};

}  // namespace dcrnn::model
