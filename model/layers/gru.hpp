// The GRU of the cross layers (both candidates) and of the transfer: one implementation. The math of a step
// lies in kernels/reference/gru.hpp; here it gets its weights and its place in memory.
#pragma once

#include <string>

#include "model/build.hpp"

namespace dcrnn::model {

enum class Candidate { cross, tanh };

/// Gates that read the input: r, z for `cross`; r, z, n for `tanh`.
constexpr std::size_t gru_input_gates(Candidate candidate) {
  return candidate == Candidate::cross ? 2 : 3;
}

/// Where the values of the steps of a GRU lie, and what the backward pass makes of them: in the same places,
/// unless values are kept. While training every step has a layer of its own.
struct GruSlots {
  Slot gx = 0;               ///< [B, input_gates parts of D] x W^T + b, a layer per set of W
  Slot gates = 0;            ///< [L B, 2 parts of D] r, z
  Slot carry = 0;            ///< [L B, D] 1 - z
  Slot reset = 0;            ///< [L B, D] r * h (cross) or h U_n^T + d_n (tanh)
  Slot candidate = 0;        ///< [L B, D] u (cross) or n (tanh)
  Slot dgx = 0, dgates = 0;  ///< gradients of gx and of the gates' arguments
  Slot dreset = 0;           ///< gradient of reset
  Slot dcandidate = 0;       ///< du (cross) or that of n's argument (tanh)
  /// The gradients of the weights want reset (cross) or dreset (tanh): the other need not outlast its step.
  bool dreset_per_step = false;

  GruSlots() = default;
  /// For `steps` steps of one kind of cell with `input_sets` sets of W.
  GruSlots(Build& build, Candidate kind, std::size_t D, std::size_t steps, std::size_t input_sets) {
    const std::size_t G = gru_input_gates(kind), sets = build.training() ? input_sets : 1;
    const std::size_t kept = build.training() ? steps : 1;
    const bool cross = kind == Candidate::cross;
    gx = build.arena.add(D, sets, G);
    gates = build.arena.add(D, kept, 2);
    carry = build.arena.add(D, kept);
    reset = build.arena.add(D, kept);
    candidate = build.arena.add(D, kept);
    if (!build.training()) return;
    dgx = build.over_value(gx, D, sets, G);
    dgates = build.over_value(gates, D, kept, 2);
    dcandidate = build.over_value(candidate, D, kept);
    dreset_per_step = !cross || build.purpose.keep_gradients;
    dreset = cross ? build.arena.add(D, dreset_per_step ? kept : 1) : build.over_value(reset, D, kept);
  }
};

/// One set of GRU weights (names and gate order r, z, n of torch.nn.GRUCell).
class GruCell {
 public:
  GruCell() = default;
  GruCell(Build& build, const std::string& name, Candidate candidate, std::size_t input, std::size_t state,
          Owner owner)
      : candidate_(candidate), input_(input), state_(state) {
    const std::size_t G = gru_input_gates(candidate);
    const std::size_t inputs = checked_mul(G, state, name), states = checked_mul(kStateGates, state, name);
    weight_ih_ = build.parameter(name + ".weight_ih", {inputs, input}, Init::uniform_fan_in, owner);
    weight_hh_ = build.parameter(name + ".weight_hh", {states, state}, Init::uniform_fan_in, owner);
    bias_ih_ = build.parameter(name + ".bias_ih", {inputs}, Init::zeros, owner);
    bias_hh_ = build.parameter(name + ".bias_hh", {states}, Init::zeros, owner);
    w_ = build.packs.add_forward(weight_ih_, state, input, G);
    u_ = build.packs.add_forward(weight_hh_, state, state, kStateGates);
    packed_bias_ih_ = build.packs.add_bias(bias_ih_, state, G);
    packed_bias_hh_ = build.packs.add_bias(bias_hh_, state, kStateGates);
    if (!build.training()) return;
    w_back_ = build.packs.add_backward(weight_ih_, state, input, G);
    u_back_ = build.packs.add_backward(weight_hh_, state, state, kStateGates);
  }

  /// Multiplications and additions of the input product and of a step.
  double input_flops() const {
    return 2.0 * static_cast<double>(input_) * static_cast<double>(gru_input_gates(candidate_)) *
           static_cast<double>(state_);
  }
  double step_flops() const {
    return 2.0 * static_cast<double>(state_) * kStateGates * static_cast<double>(state_);
  }

  /// gx = x W^T + b, x [count, input].
  template <class Real>
  void input_product(const Pass<Real>& pass, const GruSlots& slots, const Real* x) const {
    const std::size_t ld = row_distance(state_);
    const kernels::Operand<const Real> w = pass.packed[w_].spread(ld);
    for (std::size_t part = 0; part < w.parts; ++part) {
      pass.ops.matmul({pass.count,
                       x,
                       row_distance(input_),
                       1,
                       w.part(part),
                       {.bias = pass.packed.bias(packed_bias_ih_) + part * ld},
                       pass.at(slots.gx) + part * ld,
                       pass.arena.ld(slots.gx)});
    }
  }

  /// One step from h to h_next, [count, D] each, keeping its values in layer `step` of the slots.
  template <class Real>
  void forward(const Pass<Real>& pass, const GruSlots& slots, std::size_t step, const Real* x0, const Real* h,
               Real* h_next) const {
    const kernels::GruForward<Real> args = {pass.count,
                                            state_,
                                            row_distance(state_),
                                            x0,
                                            pass.at(slots.gx),
                                            h,
                                            pass.packed[u_],
                                            pass.packed.bias(packed_bias_hh_),
                                            pass.at(slots.gates, step),
                                            pass.at(slots.carry, step),
                                            pass.at(slots.reset, step),
                                            pass.at(slots.candidate, step),
                                            h_next};
    if (candidate_ == Candidate::cross) {
      pass.ops.gru_cross_forward(args);
    } else {
      pass.ops.gru_tanh_forward(args);
    }
  }

  /// Backward of `forward`: from dh_next, the gradient of h_next, to dh, that of h, which may lie in the same
  /// place; layer `input_set` of slots.dgx and (cross only) dx0 are added to.
  template <class Real>
  void backward(const Pass<Real>& pass, const GruSlots& slots, std::size_t step, std::size_t input_set,
                const Real* x0, const Real* h, const Real* dh_next, Real* dh, Real* dx0) const {
    const bool cross = candidate_ == Candidate::cross;
    const kernels::GruBackward<Real> args = {pass.count,
                                             state_,
                                             row_distance(state_),
                                             x0,
                                             h,
                                             pass.packed[u_back_],
                                             pass.at(slots.gates, step),
                                             pass.at(slots.carry, step),
                                             pass.at(slots.reset, step),
                                             pass.at(slots.candidate, step),
                                             dh_next,
                                             pass.at(slots.dgates, step),
                                             pass.at(slots.dcandidate, step),
                                             pass.at(slots.dreset, slots.dreset_per_step ? step : 0),
                                             dh,
                                             pass.at(slots.dgx, input_set),
                                             dx0};
    if (cross) {
      pass.ops.gru_cross_backward(args);
    } else {
      pass.ops.gru_tanh_backward(args);
    }
  }

  /// gx = x W^T + b, so dx += dgx W.
  template <class Real>
  void input_backward(const Pass<Real>& pass, const GruSlots& slots, std::size_t input_set, Real* dx) const {
    for (std::size_t gate = 0; gate < gru_input_gates(candidate_); ++gate) {
      const std::size_t ld = row_distance(input_);
      pass.ops.matmul({pass.count,
                       pass.at(slots.dgx, input_set) + gate * row_distance(state_),
                       pass.arena.ld(slots.dgx),
                       1,
                       pass.packed[w_back_].part(gate).spread(ld),
                       {.accumulate = true},
                       dx,
                       ld});
    }
  }

  /// Plans the gradients of all four parameters over `steps` steps that begin at layer `first` of the slots,
  /// with the inputs x and the states h: dW = dgx^T x, dU_rz = [da_r, da_z]^T h, dU_n = du^T (r * h) (cross)
  /// or (r * da_n)^T h (tanh), gate by gate, each one product over the rows of all steps; the biases are the
  /// column sums of the same. Of x and h only the slot and the first layer count.
  void plan_gradients(GradientPlan& plan, const GruSlots& slots, std::size_t first, std::size_t steps,
                      std::size_t input_set, const Stream& x, const Stream& h) const {
    const std::size_t D = state_, ld = row_distance(D);
    for (std::size_t gate = 0; gate < gru_input_gates(candidate_); ++gate) {
      plan.products.push_back({{slots.dgx, input_set, gate * ld, D, 1},
                               x.value,
                               x.layer,
                               weight_ih_ + gate * D * input_,
                               bias_ih_ + gate * D});
    }
    const bool cross = candidate_ == Candidate::cross;
    for (std::size_t gate = 0; gate < kStateGates; ++gate) {
      const bool last = gate + 1 == kStateGates;
      const Slot da = !last ? slots.dgates : cross ? slots.dcandidate : slots.dreset;
      plan.products.push_back({{da, first, last ? 0 : gate * ld, D, steps},
                               last && cross ? slots.reset : h.value,
                               last && cross ? first : h.layer,
                               weight_hh_ + gate * D * D,
                               bias_hh_ + gate * D});
    }
  }

 private:
  static constexpr std::size_t kStateGates = 3;  ///< r, z, n

  Candidate candidate_ = Candidate::tanh;
  std::size_t input_ = 0, state_ = 0;
  std::size_t weight_ih_ = 0, weight_hh_ = 0, bias_ih_ = 0, bias_hh_ = 0;  ///< offsets
  PackId w_ = 0, u_ = 0, packed_bias_ih_ = 0, packed_bias_hh_ = 0, w_back_ = 0, u_back_ = 0;
};

}  // namespace dcrnn::model
