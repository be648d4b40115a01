// Gated partial-sharing blocks. Derivation: docs/sharing.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/rules.hpp"
#include "model/layers/linear.hpp"
#include "model/layers/streams.hpp"

namespace dcrnn::model {

/// Kind of sharing: block k, from the shared stream s and one thin stream v_t per task to the next ones.
class Partial {
 public:
  struct Config {
    using Kind = Partial;
    std::size_t shared_units = 64;   ///< m_s
    std::size_t private_units = 32;  ///< m_p
    Gate gate = Gate::input;

    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "partial";
  static constexpr std::string_view kPage = "docs/sharing.md";
  // clang-format off
  static constexpr Key kKeys[] = {
      {.name = "shared", .kind = KeyKind::whole, .doc = "units shared by all tasks; once 0, it is 0 in every later block", .least = 0},
      {.name = "private", .kind = KeyKind::whole, .doc = "units of each task alone; shared and private may not both be 0", .least = 0},
      {.name = "gate", .kind = KeyKind::word, .doc = "how much of each shared unit a task lets in. input: depends on the example; static: one number per unit; none: everything", .words = "input|static|none"}};
  // clang-format on
  static constexpr std::string_view kExamples[] = {
      R"({"shared": 5, "private": 3})", R"({"shared": 5, "private": 3, "gate": "static"})",
      R"({"shared": 5, "private": 3, "gate": "none"})", R"({"shared": 4, "private": 0})",
      R"({"shared": 0, "private": 4})"};

  static bool reads_shared(const Config& config) { return config.shared_units > 0; }
  /// What is wrong with a block; empty if nothing.
  static Complaint complaint(const Config& config, bool has_shared) {
    if (config.shared_units == 0 && config.private_units == 0) {
      return {"", "\"shared\" and \"private\" are both 0", "give the block units or leave it out"};
    }
    if (!has_shared && config.shared_units > 0) {
      return {".shared",
              "found " + std::to_string(config.shared_units) +
                  ", want 0, because an earlier block has none to pass on",
              "once \"shared\" is 0, it is 0 in every later block"};
    }
    return {};
  }

  /// Several of the input streams may be one (h^L before the first block).
  Partial(Build& build, const Config& config, std::size_t k, const SharedStreams& in, bool /*next_reads*/)
      : m_s_(config.shared_units), m_p_(config.private_units), gate_(m_s_ == 0 ? Gate::none : config.gate) {
    const std::string prefix = "sharing." + std::to_string(k) + ".";
    if (m_s_ > 0) {
      s_ = build.value(m_s_);
      shared_ = Dense(build, prefix + "shared", *in.s, s_, kEveryTask);
      out_.s = s_;
    }
    const std::size_t width = checked_add(m_s_, m_p_, prefix);
    for (std::size_t t = 0; t < build.tasks.size(); ++t) {
      const std::string name = prefix + build.tasks[t].name;
      Of& task = tasks_.emplace_back();
      task.v = build.value(width);
      if (gate_ != Gate::none) {
        task.gate = build.arena.add(m_s_);
        if (build.training()) task.dgate = build.arena.add(m_s_);
      }
      const Place dgate = {task.dgate, 0, 0, m_s_};
      if (gate_ == Gate::input) {
        task.gate_units = Linear(build, name + ".gate", in.v[t], m_s_, t);
        if (build.training()) task.gate_units.plan_gradient(build, dgate);
      }
      if (gate_ == Gate::fixed) {
        task.fixed_gate = build.parameter(name + ".gate.bias", {m_s_}, Init::zeros, t);
        if (build.training())
          build.gradients.biases.push_back({{task.dgate, 0, 0, m_s_, 1}, task.fixed_gate});
      }
      if (gate_ != Gate::none) {
        build.trace_value(name + ".gate", {task.gate, 0, 0, m_s_}, gate_ == Gate::fixed);
      }
      if (m_p_ > 0) {
        task.private_units = Dense(build, name + ".private", in.v[t], task.v.columns(m_s_, m_p_), t);
      }
      task.name = name;
      task.mask = build.dropout_streams++;
      out_.v.push_back(task.v);
    }
  }

  const SharedStreams& output() const { return out_; }
  template <class Real>
  void forward(const Pass<Real>& pass) const {
    // 1. s' = act(s S^T + a)
    if (m_s_ > 0) shared_.forward(pass);
    for (const Of& task : tasks_) {
      // 2. g_t = sigma(v_t G_t^T + c_t), or sigma(c_t)
      if (gate_ == Gate::input) {
        task.gate_units.forward(pass, kernels::Activation::sigmoid, pass.at(task.gate), s_.ld);
      } else if (gate_ == Gate::fixed) {
        pass.ops.sigmoid({m_s_, pass.parameters + task.fixed_gate, pass.at(task.gate)});
      }
      // 3. p_t = act(v_t P_t^T + q_t), written to its place in v_t'
      if (m_p_ > 0) task.private_units.forward(pass);
      // 4. v_t' = [g_t * s', p_t]
      if (m_s_ > 0) {
        pass.ops.gate_forward({pass.count, m_s_, pass.value(s_), s_.ld, gate_values(pass, task), gate_row(),
                               pass.value(task.v), task.v.ld});
      }
      // 5. dropout on v_t'
      if (pass.dropout != nullptr) pass.drop(pass.dropout->sharing, task.mask, task.v.value);
    }
  }

  /// From the gradients of the out streams (and of the shared stream, where a later block uses it) to those
  /// of the in streams.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    for (std::size_t t = tasks_.size(); t-- > 0;) {
      const Of& task = tasks_[t];
      // 5. dropout on v_t'
      if (pass.dropout != nullptr) pass.drop(pass.dropout->sharing, task.mask, task.v.gradient);
      // 4. v_t' = [g_t * s', p_t]
      if (m_s_ > 0) {
        Real* da = gate_ == Gate::none ? nullptr : pass.at(task.dgate);
        pass.ops.gate_backward({pass.count, m_s_, pass.value(s_), s_.ld, gate_values(pass, task), gate_row(),
                                pass.gradient(task.v), task.v.ld, pass.gradient(s_), da});
        // 2. g_t = sigma(v_t G_t^T + c_t)
        if (gate_ == Gate::input) task.gate_units.backward(pass, da, s_.ld);
      }
      // 3. p_t = act(v_t P_t^T + q_t)
      if (m_p_ > 0) task.private_units.backward(pass);
    }
    // 1. s' = act(s S^T + a)
    if (m_s_ > 0) shared_.backward(pass);
  }

  /// dg_t = dv_t' * s', where the gates depend on the example
  template <class Real>
  void trace(const Tracer<Real>& tracer) const {
    if (!tracer.gradients || gate_ != Gate::input) return;
    for (const Of& task : tasks_) {
      Real* to = tracer.tensor(task.name + ".gate", m_s_);
      for (std::size_t b = 0; b < tracer.arena.rows(); ++b) {
        const Real *dv = tracer.row(task.v.gradient_place(), b), *s = tracer.row(s_.place(), b);
        for (std::size_t n = 0; n < m_s_; ++n) *to++ = dv[n] * s[n];
      }
    }
  }

 private:
  /// What a task has of its own.
  struct Of {
    std::string name;
    Stream v;  ///< v_t'
    Linear gate_units;
    std::size_t fixed_gate = 0;  ///< offset of c_t
    Slot gate = 0, dgate = 0;    ///< g_t, and the gradient before its sigmoid
    Dense private_units;
    std::uint32_t mask = 0;
  };

  /// Distance between the gates of two rows: a static gate is one row for all.
  std::size_t gate_row() const { return gate_ == Gate::fixed ? 0 : s_.ld; }
  template <class Real>
  const Real* gate_values(const Pass<Real>& pass, const Of& task) const {
    return gate_ == Gate::none ? nullptr : pass.at(task.gate);
  }

  std::size_t m_s_, m_p_;
  Gate gate_;
  Stream s_;  ///< s'
  Dense shared_;
  std::vector<Of> tasks_;
  SharedStreams out_;
};

void describe(auto& v, Is<Partial::Config> auto& block) {
  v.value("shared", block.shared_units);
  v.value("private", block.private_units);
  v.value("gate", block.gate);
}

}  // namespace dcrnn::model
