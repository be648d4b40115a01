// Gated partial-sharing blocks. Derivation: docs/sharing.md.
#pragma once

#include <string>
#include <vector>

#include "model/layers/linear.hpp"

namespace dcrnn::model {

/// Block k: from the shared stream s and one thin stream v_t per task to the next ones.
class SharingBlock {
 public:
  /// `s` and `v[t]` are the block's inputs; several of them may be one stream (h^L before the first block).
  SharingBlock(Builder& builder, const SharingLayout& layout, const Stream& s, const std::vector<Stream>& v)
      : s_(s), v_(v), m_s_(layout.shared_units), width_(layout.width()), gate_(layout.gate) {
    const bool training = builder.training;
    if (m_s_ > 0) {
      shared_ = Linear(builder, layout.shared);
      shared_slot_ = builder.arena.add(m_s_);
      if (training) dshared_slot_ = builder.arena.add(m_s_);
    }
    static_gates_ = layout.static_gates;
    for (std::size_t t = 0; t < v.size(); ++t) {
      out_.push_back({builder.arena.add(width_), 0, training ? builder.arena.add(width_) : 0, width_});
      if (gate_ == Gate::input) gates_.emplace_back(builder, layout.gates[t]);
      if (gate_ != Gate::none) {
        gate_slots_.push_back(builder.arena.add(m_s_));
        if (training) dgate_slots_.push_back(builder.arena.add(m_s_));
      }
      if (width_ > m_s_) privates_.emplace_back(builder, layout.privates[t]);
      streams_.push_back(builder.dropout_streams++);
    }
    if (training) plan_gradients(builder.gradients, layout);
  }

  /// s^{k+1}; only if the block has shared units.
  Stream shared() const { return {shared_slot_, 0, dshared_slot_, m_s_}; }
  const std::vector<Stream>& out() const { return out_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    // 1. s' = relu(s S^T + a)
    if (m_s_ > 0) {
      shared_.forward(pass, s_, kernels::Activation::relu, pass.at(shared_slot_), ld_s());
    }
    for (std::size_t t = 0; t < v_.size(); ++t) {
      Real* out = pass.at(out_[t].value);
      // 2. g_t = sigma(v_t G_t^T + c_t), or sigma(c_t)
      if (gate_ == Gate::input) {
        gates_[t].forward(pass, v_[t], kernels::Activation::sigmoid, pass.at(gate_slots_[t]), ld_s());
      } else if (gate_ == Gate::fixed) {
        pass.ops.sigmoid({m_s_, pass.parameters + static_gates_[t], pass.at(gate_slots_[t])});
      }
      // 3. p_t = relu(v_t P_t^T + q_t), written to its place in v_t'
      if (width_ > m_s_)
        privates_[t].forward(pass, v_[t], kernels::Activation::relu, out + m_s_, out_[t].ld());
      // 4. v_t' = [g_t * s', p_t]
      if (m_s_ > 0) {
        pass.ops.gate_forward({pass.count, m_s_, pass.at(shared_slot_), ld_s(), gate_values(pass, t),
                               gate_row(), out, out_[t].ld()});
      }
      // 5. dropout on v_t'
      if (pass.dropout != nullptr) pass.drop(pass.dropout->sharing, streams_[t], out_[t].value);
    }
  }

  /// From the gradients of the out streams (and of the shared stream, where a later block uses it) to those
  /// of the in streams.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    for (std::size_t t = v_.size(); t-- > 0;) {
      Real* dout = pass.at(out_[t].gradient);
      const std::size_t ld = out_[t].ld();
      // 5. dropout on v_t'
      if (pass.dropout != nullptr) pass.drop(pass.dropout->sharing, streams_[t], out_[t].gradient);
      // 4. v_t' = [g_t * s', p_t]
      if (m_s_ > 0) {
        Real* da = gate_ == Gate::none ? nullptr : pass.at(dgate_slots_[t]);
        pass.ops.gate_backward({pass.count, m_s_, pass.at(shared_slot_), ld_s(), gate_values(pass, t),
                                gate_row(), dout, ld, pass.at(dshared_slot_), da});
        // 2. g_t = sigma(v_t G_t^T + c_t)
        if (gate_ == Gate::input) gates_[t].backward(pass, da, ld_s(), v_[t]);
      }
      // 3. p_t = relu(v_t P_t^T + q_t); its gradient stays where p_t's was
      if (width_ > m_s_) {
        Real* dp = dout + m_s_;
        pass.ops.relu_backward(
            {pass.count, width_ - m_s_, pass.at(out_[t].value) + m_s_, ld, dp, ld, dp, ld});
        privates_[t].backward(pass, dp, ld, v_[t]);
      }
    }
    // 1. s' = relu(s S^T + a)
    if (m_s_ > 0) {
      Real* ds = pass.at(dshared_slot_);
      pass.ops.relu_backward({pass.count, m_s_, pass.at(shared_slot_), ld_s(), ds, ld_s(), ds, ld_s()});
      shared_.backward(pass, ds, ld_s(), s_);
    }
  }

  /// Zeroes the gradients others add to.
  template <class Real>
  void clear_gradients(const Pass<Real>& pass) const {
    if (m_s_ > 0) pass.clear(dshared_slot_);
    for (const Stream& out : out_) pass.clear(out.gradient);
  }

  template <class Real>
  void trace(const Arena<Real>& arena, const TraceSink<Real>& sink, const std::string& prefix,
             const std::vector<std::string>& tasks) const {
    const std::size_t B = arena.rows();
    if (m_s_ > 0) sink.copy(prefix + "shared", arena.at(shared_slot_), B, m_s_, ld_s());
    for (std::size_t t = 0; t < v_.size(); ++t) {
      if (gate_ != Gate::none)
        sink.copy(prefix + tasks[t] + ".gate", arena.at(gate_slots_[t]), B, m_s_, gate_row());
      if (width_ > m_s_) {
        sink.copy(prefix + tasks[t] + ".private", arena.at(out_[t].value) + m_s_, B, width_ - m_s_,
                  out_[t].ld());
      }
    }
  }

 private:
  /// Distance between the gates of two rows: a static gate is one row for all.
  std::size_t gate_row() const { return gate_ == Gate::fixed ? 0 : ld_s(); }
  /// Between two rows of the shared units, of a task's gates and of their gradients.
  std::size_t ld_s() const { return row_distance(m_s_); }
  template <class Real>
  const Real* gate_values(const Pass<Real>& pass, std::size_t t) const {
    return gate_ == Gate::none ? nullptr : pass.at(gate_slots_[t]);
  }

  void plan_gradients(GradientPlan& plan, const SharingLayout& layout) const {
    if (m_s_ > 0) shared_.plan_gradient(plan, dshared_slot_, 0, s_);
    for (std::size_t t = 0; t < v_.size(); ++t) {
      if (gate_ == Gate::input) gates_[t].plan_gradient(plan, dgate_slots_[t], 0, v_[t]);
      if (gate_ == Gate::fixed)
        plan.biases.push_back({{dgate_slots_[t], 0, 0, m_s_, 1}, layout.static_gates[t]});
      if (width_ > m_s_) privates_[t].plan_gradient(plan, out_[t].gradient, m_s_, v_[t]);
    }
  }

  Stream s_;
  std::vector<Stream> v_, out_;
  std::size_t m_s_, width_;
  Gate gate_;
  Linear shared_;
  std::vector<Linear> gates_, privates_;
  std::vector<std::size_t> static_gates_;
  Slot shared_slot_ = 0, dshared_slot_ = 0;
  std::vector<Slot> gate_slots_, dgate_slots_;
  std::vector<std::uint32_t> streams_;
};

}  // namespace dcrnn::model
