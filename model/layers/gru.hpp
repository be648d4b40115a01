// The GRU of the cross layers (both candidates) and of the transfer: one implementation. The math of a step
// lies in kernels/reference/gru.hpp; here it gets its weights and its place in memory.
#pragma once

#include "model/builder.hpp"
#include "model/parameters.hpp"

namespace dcrnn::model {

/// Where the values of L' steps lie (L' = L while training, 1 while scoring).
struct GruSlots {
  Slot gx = 0;     ///< [B, input_gates parts of D] x W^T + b; backward: its gradient, a layer per set of W
  Slot gates = 0;  ///< [L' B, 2 parts of D] r, z; backward: da_r, da_z
  Slot carry = 0;  ///< [L' B, D] 1 - z
  Slot reset = 0;  ///< [L' B, D] r * h (cross) or h U_n^T + d_n (tanh)
  Slot candidate = 0;  ///< [L' B, D] u (cross) or n (tanh)
  Slot scratch = 0;    ///< training, cross only: [B, D]
};

/// One set of GRU weights.
class GruCell {
 public:
  GruCell() = default;
  GruCell(Builder& builder, const GruLayout& layout) : layout_(layout) {
    const std::size_t G = layout.input_gates(), D = layout.state;
    w_ = builder.packs.add_forward(layout.weight_ih, D, layout.input, G);
    u_ = builder.packs.add_forward(layout.weight_hh, D, D, kStateGates);
    bias_ih_ = builder.packs.add_bias(layout.bias_ih, D, G);
    bias_hh_ = builder.packs.add_bias(layout.bias_hh, D, kStateGates);
    if (!builder.training) return;
    w_back_ = builder.packs.add_backward(layout.weight_ih, D, layout.input, G);
    u_back_ = builder.packs.add_backward(layout.weight_hh, D, D, kStateGates);
  }

  /// Slots for `steps` steps that share this kind of cell; `input_sets` sets of W.
  static GruSlots plan_slots(Builder& builder, const GruLayout& layout, std::size_t steps,
                             std::size_t input_sets) {
    const std::size_t G = layout.input_gates(), D = layout.state;
    GruSlots slots;
    slots.gx = builder.arena.add(D, builder.training ? input_sets : 1, G);
    slots.gates = builder.arena.add(D, steps, 2);
    slots.carry = builder.arena.add(D, steps);
    slots.reset = builder.arena.add(D, steps);
    slots.candidate = builder.arena.add(D, steps);
    if (builder.training && layout.candidate == Candidate::cross) slots.scratch = builder.arena.add(D);
    return slots;
  }

  /// gx = x W^T + b, x [count, input].
  template <class Real>
  void input_product(const Pass<Real>& pass, const GruSlots& slots, const Real* x) const {
    const std::size_t D = layout_.state, K = layout_.input, panel = pass.ops.panel, ld = row_distance(D);
    const std::size_t G = layout_.input_gates();
    const std::size_t together = kernels::gates_adjoin(D, ld, panel) ? G : 1;
    for (std::size_t gate = 0; gate < G; gate += together) {
      pass.ops.matmul({pass.count, together * pass.columns(D), K, x, row_distance(K), 1,
                       pass.packed[w_] + gate * kernels::packed_size(K, D, panel), K * panel,
                       pass.packed[bias_ih_] + gate * kernels::packed_size(1, D, panel),
                       kernels::Activation::none, false, pass.at(slots.gx) + gate * ld,
                       pass.arena.ld(slots.gx)});
    }
  }

  /// One step from h to h_next, [count, D] each, keeping its values in layer `step` of the slots.
  template <class Real>
  void forward(const Pass<Real>& pass, const GruSlots& slots, std::size_t step, const Real* x0, const Real* h,
               Real* h_next) const {
    const kernels::GruForward<Real> args = {pass.count,
                                            layout_.state,
                                            row_distance(layout_.state),
                                            x0,
                                            pass.at(slots.gx),
                                            h,
                                            pass.packed[u_],
                                            pass.packed[bias_hh_],
                                            pass.at(slots.gates, step),
                                            pass.at(slots.carry, step),
                                            pass.at(slots.reset, step),
                                            pass.at(slots.candidate, step),
                                            h_next};
    if (layout_.candidate == Candidate::cross) {
      pass.ops.gru_cross_forward(args);
    } else {
      pass.ops.gru_tanh_forward(args);
    }
  }

  /// Backward of `forward`: dh, the gradient of h_next, becomes that of h; layer `input_set` of slots.gx and
  /// (cross only) dx0 are added to.
  template <class Real>
  void backward(const Pass<Real>& pass, const GruSlots& slots, std::size_t step, std::size_t input_set,
                const Real* x0, const Real* h, Real* dh, Real* dx0) const {
    const bool cross = layout_.candidate == Candidate::cross;
    const kernels::GruBackward<Real> args = {pass.count,
                                             layout_.state,
                                             row_distance(layout_.state),
                                             x0,
                                             h,
                                             pass.packed[u_back_],
                                             pass.at(slots.gates, step),
                                             pass.at(slots.carry, step),
                                             pass.at(slots.reset, step),
                                             pass.at(slots.candidate, step),
                                             dh,
                                             pass.at(slots.gx, input_set),
                                             dx0,
                                             cross ? pass.at(slots.scratch) : nullptr};
    if (cross) {
      pass.ops.gru_cross_backward(args);
    } else {
      pass.ops.gru_tanh_backward(args);
    }
  }

  /// gx = x W^T + b, so dx += dgx W.
  template <class Real>
  void input_backward(const Pass<Real>& pass, const GruSlots& slots, std::size_t input_set, Real* dx) const {
    const std::size_t D = layout_.state, panel = pass.ops.panel;
    for (std::size_t gate = 0; gate < layout_.input_gates(); ++gate) {
      pass.ops.matmul({pass.count, pass.columns(layout_.input), D,
                       pass.at(slots.gx, input_set) + gate * row_distance(D), pass.arena.ld(slots.gx), 1,
                       pass.packed[w_back_] + gate * kernels::packed_size(D, layout_.input, panel), D * panel,
                       nullptr, kernels::Activation::none, true, dx, row_distance(layout_.input)});
    }
  }

  /// Where the rows of a product's right-hand side begin.
  struct Rows {
    Slot slot;
    std::size_t layer;
  };
  /// Plans the gradients of all four parameters over `steps` steps that begin at layer `first` of the slots,
  /// with the inputs x and the states h: dW = dgx^T x, dU_rz = [da_r, da_z]^T h, dU_n = du^T (r * h) (cross)
  /// or (r * da_n)^T h (tanh), gate by gate, each one product over the rows of all steps; the biases are the
  /// column sums of the same.
  void plan_gradients(GradientPlan& plan, const GruSlots& slots, std::size_t first, std::size_t steps,
                      std::size_t input_set, Rows x, Rows h) const {
    const std::size_t D = layout_.state, ld = row_distance(D);
    for (std::size_t gate = 0; gate < layout_.input_gates(); ++gate) {
      plan.products.push_back({{slots.gx, input_set, gate * ld, D, 1},
                               x.slot,
                               x.layer,
                               layout_.weight_ih + gate * D * layout_.input,
                               layout_.bias_ih + gate * D});
    }
    const bool cross = layout_.candidate == Candidate::cross;
    for (std::size_t gate = 0; gate < kStateGates; ++gate) {
      const bool last = gate + 1 == kStateGates;
      const Slot da = !last ? slots.gates : cross ? slots.candidate : slots.reset;
      const Rows right = last && cross ? Rows{slots.reset, first} : h;
      plan.products.push_back({{da, first, last ? 0 : gate * ld, D, steps},
                               right.slot,
                               right.layer,
                               layout_.weight_hh + gate * D * D,
                               layout_.bias_hh + gate * D});
    }
  }

 private:
  static constexpr std::size_t kStateGates = 3;  ///< r, z, n

  GruLayout layout_;
  PackId w_ = 0, u_ = 0, bias_ih_ = 0, bias_hh_ = 0, w_back_ = 0, u_back_ = 0;
};

}  // namespace dcrnn::model
