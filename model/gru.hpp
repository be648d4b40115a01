// The GRU of the cross layers (both candidates) and of the transfer: one implementation. The math of a step
// lies in kernels/reference/gru.hpp; here it gets its weights and its place in memory.
#pragma once

#include "model/builder.hpp"
#include "model/parameters.hpp"

namespace dcrnn::model {

/// Where the values of L' steps lie (L' = L while training, 1 while scoring).
struct GruSlots {
  Slot gx = 0;         ///< [B, input_gates * D] x W^T + b; backward: its gradient, one layer per set of W
  Slot gates = 0;      ///< [L' B, 2D] r, z; backward: da_r, da_z
  Slot carry = 0;      ///< [L' B, D] 1 - z
  Slot reset = 0;      ///< [L' B, D] r * h (cross) or h U_n^T + d_n (tanh)
  Slot candidate = 0;  ///< [L' B, D] u (cross) or n (tanh)
  Slot scratch = 0;    ///< training, cross only: [B, D]
};

/// One set of GRU weights.
class GruCell {
 public:
  GruCell() = default;
  GruCell(Builder& builder, const GruLayout& layout) : layout_(layout) {
    const std::size_t G = layout.input_gates(), D = layout.state;
    w_ = builder.packs.add_forward(layout.weight_ih, G * D, layout.input);
    u_rz_ = builder.packs.add_forward(layout.weight_hh, 2 * D, D);
    u_n_ = builder.packs.add_forward(layout.weight_hh + 2 * D * D, D, D);
    if (!builder.training) return;
    w_back_ = builder.packs.add_backward(layout.weight_ih, G * D, layout.input);
    u_rz_back_ = builder.packs.add_backward(layout.weight_hh, 2 * D, D);
    u_n_back_ = builder.packs.add_backward(layout.weight_hh + 2 * D * D, D, D);
  }

  /// Slots for `steps` steps that share this kind of cell; `input_sets` sets of W.
  static GruSlots plan_slots(Builder& builder, const GruLayout& layout, std::size_t steps,
                             std::size_t input_sets) {
    const std::size_t G = layout.input_gates(), D = layout.state;
    GruSlots slots;
    slots.gx = builder.arena.add(G * D, builder.training ? input_sets : 1);
    slots.gates = builder.arena.add(2 * D, steps);
    slots.carry = builder.arena.add(D, steps);
    slots.reset = builder.arena.add(D, steps);
    slots.candidate = builder.arena.add(D, steps);
    if (builder.training && layout.candidate == Candidate::cross) slots.scratch = builder.arena.add(D);
    return slots;
  }

  /// gx = x W^T + b, x [count, input].
  template <class Real>
  void input_product(const Pass<Real>& pass, const GruSlots& slots, const Real* x) const {
    const std::size_t N = layout_.input_gates() * layout_.state;
    pass.ops.matmul({pass.count, N, layout_.input, x, layout_.input, 1, pass.packed[w_],
                     layout_.input * pass.ops.panel, pass.parameters + layout_.bias_ih,
                     kernels::Activation::none, false, pass.at(slots.gx), N});
  }

  /// One step from h to h_next, [count, D] each, keeping its values in layer `step` of the slots.
  template <class Real>
  void forward(const Pass<Real>& pass, const GruSlots& slots, std::size_t step, const Real* x0, const Real* h,
               Real* h_next) const {
    const std::size_t D = layout_.state;
    const kernels::GruForward<Real> args = {pass.count,
                                            D,
                                            x0,
                                            pass.at(slots.gx),
                                            layout_.input_gates() * D,
                                            h,
                                            D,
                                            pass.packed[u_rz_],
                                            pass.packed[u_n_],
                                            pass.parameters + layout_.bias_hh,
                                            pass.at(slots.gates, step),
                                            pass.at(slots.carry, step),
                                            pass.at(slots.reset, step),
                                            pass.at(slots.candidate, step),
                                            h_next,
                                            D};
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
    const std::size_t D = layout_.state;
    const bool cross = layout_.candidate == Candidate::cross;
    const kernels::GruBackward<Real> args = {pass.count,
                                             D,
                                             x0,
                                             h,
                                             D,
                                             pass.packed[u_rz_back_],
                                             pass.packed[u_n_back_],
                                             pass.at(slots.gates, step),
                                             pass.at(slots.carry, step),
                                             pass.at(slots.reset, step),
                                             pass.at(slots.candidate, step),
                                             dh,
                                             D,
                                             pass.at(slots.gx, input_set),
                                             layout_.input_gates() * D,
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
    const std::size_t K = layout_.input_gates() * layout_.state;
    pass.ops.matmul({pass.count, layout_.input, K, pass.at(slots.gx, input_set), K, 1, pass.packed[w_back_],
                     K * pass.ops.panel, nullptr, kernels::Activation::none, true, dx, layout_.input});
  }

  /// Where the rows of a product's right-hand side begin.
  struct Rows {
    Slot slot;
    std::size_t layer;
  };
  /// Plans the gradients of all four parameters over `steps` steps that begin at layer `first` of the slots,
  /// with the inputs x and the states h: dW = dgx^T x, dU_rz = [da_r, da_z]^T h, dU_n = du^T (r * h) (cross)
  /// or (r * da_n)^T h (tanh), each one product over the rows of all steps; the biases are the column sums of
  /// the same.
  void plan_gradients(GradientPlan& plan, const GruSlots& slots, std::size_t first, std::size_t steps,
                      std::size_t input_set, Rows x, Rows h) const {
    const std::size_t D = layout_.state, inputs = layout_.input_gates() * D;
    const auto add = [&plan](GradientPlan::Rows dy, Rows right, std::size_t weight, std::size_t bias) {
      plan.products.push_back({dy, right.slot, right.layer, weight, bias});
    };
    add({slots.gx, input_set, 0, inputs, 1}, x, layout_.weight_ih, layout_.bias_ih);
    add({slots.gates, first, 0, 2 * D, steps}, h, layout_.weight_hh, layout_.bias_hh);
    const bool cross = layout_.candidate == Candidate::cross;
    const Slot dn = cross ? slots.candidate : slots.reset;
    add({dn, first, 0, D, steps}, cross ? Rows{slots.reset, first} : h, layout_.weight_hh + 2 * D * D,
        layout_.bias_hh + 2 * D);
  }

 private:
  GruLayout layout_;
  PackId w_ = 0, u_rz_ = 0, u_n_ = 0, w_back_ = 0, u_rz_back_ = 0, u_n_back_ = 0;
};

}  // namespace dcrnn::model
