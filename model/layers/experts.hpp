// Mixtures of experts, shared by all tasks and of each task alone: the one implementation of the kinds mmoe
// and ple. Derivation: docs/mmoe.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/keys.hpp"
#include "model/layers/linear.hpp"
#include "model/layers/mix.hpp"
#include "model/layers/streams.hpp"

namespace dcrnn::model {

/// out = sum over i of g_i E_i with g = softmax(x G^T + c), or softmax(c) for a static gate.
class GatedMix {
 public:
  /// Parameters and trace: <name>.gate; `out` is traced as <name>.mix.
  GatedMix(Build& build, const std::string& name, Gate gate, const Stream& x,
           const std::vector<Stream>& units, const Stream& out, Owner owner)
      : mix_(build, units, out), input_(gate == Gate::input), g_(build.dense(mix_.count())) {
    if (input_) {
      linear_ = Linear(build, name + ".gate", x, g_.width, owner);
      build.trace(name + ".gate", g_);
    } else {
      bias_ = build.parameter(name + ".gate.bias", {g_.width}, Init::zeros, owner);
      build.trace_value(name + ".gate", g_.place(), true);
    }
    build.trace(name + ".mix", out);
    if (!build.training()) return;
    before_ = build.before_activation(g_);
    if (input_) {
      linear_.plan_gradient(build, before_.gradient_place());
    } else {
      build.gradients.biases.push_back({{before_.gradient, 0, 0, g_.width, 1}, bias_});
    }
  }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    Real* g = pass.value(g_);
    // 1. a = x G^T + c
    if (input_) linear_.forward(pass, kernels::Activation::none, g, g_.ld);
    // 2. g = softmax(a)
    pass.ops.softmax_forward(
        {input_ ? pass.count : 1, g_.width, input_ ? g : pass.parameters + bias_, g_.ld, g, g_.ld});
    // 3. out = sum over i of g_i E_i
    mix_.forward(pass, g, g_row());
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    const Real* g = pass.value(g_);
    Real *dg = pass.gradient(g_), *da = pass.gradient(before_);
    // 3. out = sum over i of g_i E_i
    mix_.backward(pass, g, g_row(), dg, g_.ld);
    // 2. g = softmax(a)
    pass.ops.softmax_backward({pass.count, g_.width, g, g_row(), dg, g_.ld, da, before_.ld});
    // 1. a = x G^T + c
    if (input_) linear_.backward(pass, da, before_.ld);
  }

 private:
  /// Distance between the gates of two rows: a static gate is one row for all.
  std::size_t g_row() const { return input_ ? g_.ld : 0; }

  Mix mix_;
  bool input_ = true;
  Stream g_, before_;  ///< g; `before_` has the gradient of a
  Linear linear_;
  std::size_t bias_ = 0;  ///< offset of c
};

// clang-format off
inline constexpr Key kExpertUnitsKey = {.name = "units", .kind = KeyKind::whole, .doc = "units of every expert", .least = 1, .added = true};
inline constexpr Key kExpertGateKey = {.name = "gate", .kind = KeyKind::word, .doc = "how a task weighs its experts. input: depends on the example; static: one number per expert", .words = "input|static", .added = true};
// clang-format on

/// Block k: from the shared stream s and one stream v_t per task to the next ones, all mixtures of experts,
/// each of which is one layer of m units.
class Experts {
 public:
  struct Sizes {
    std::size_t shared;  ///< n, experts that read s
    std::size_t own;     ///< p, experts of each task, which read its v_t
    std::size_t units;   ///< m
  };

  /// There is a next shared stream if the next block reads one.
  Experts(Build& build, const Sizes& sizes, Gate gate, std::size_t k, const SharedStreams& in,
          bool next_reads) {
    const std::string prefix = "sharing." + std::to_string(k) + ".";
    std::vector<Stream> of_all;  // units of the tasks' own experts, then of the shared ones
    if (sizes.own > 0) {
      for (std::size_t t = 0; t < build.tasks.size(); ++t) {
        of_all.push_back(build.value(checked_mul(sizes.own, sizes.units, prefix)));
      }
    }
    Stream shared;
    if (sizes.shared > 0) {
      shared = build.value(checked_mul(sizes.shared, sizes.units, prefix));
      experts_.emplace_back(build, prefix + "expert", *in.s, shared, kEveryTask);
    }
    for (std::size_t t = 0; t < of_all.size(); ++t) {
      experts_.emplace_back(build, prefix + build.tasks[t].name + ".expert", in.v[t], of_all[t], t);
    }
    for (std::size_t t = 0; t < build.tasks.size(); ++t) {
      std::vector<Stream> units;
      if (sizes.own > 0) units.push_back(of_all[t]);
      if (sizes.shared > 0) units.push_back(shared);
      const Stream v = build.value(sizes.units);
      tasks_.push_back(
          {{build, prefix + build.tasks[t].name, gate, in.v[t], units, v, t}, v, build.dropout_streams++});
      out_.v.push_back(v);
    }
    if (!next_reads) return;  // else this block reads s, too
    of_all.push_back(shared);
    out_.s = build.value(sizes.units);
    shared_mix_.emplace(build, "sharing." + std::to_string(k), gate, *in.s, of_all, *out_.s, kEveryTask);
  }

  const SharedStreams& output() const { return out_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    // 1. E = act(s A^T + a), F_t = act(v_t A_t^T + a_t)
    for (const Dense& experts : experts_) experts.forward(pass);
    for (const Of& task : tasks_) {
      // 2. g_t = softmax(v_t G_t^T + c_t), v_t' = sum of g_ti F_ti and g_tj E_j
      task.mix.forward(pass);
      // 3. dropout on v_t'
      if (pass.dropout != nullptr) pass.drop(pass.dropout->sharing, task.mask, task.v.value);
    }
    // 4. g = softmax(s G^T + c), s' = sum of g_ti F_ti over all tasks and g_j E_j
    if (shared_mix_) shared_mix_->forward(pass);
  }

  /// From the gradients of the out streams to those of the in streams.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    // 4. g = softmax(s G^T + c), s' = sum of g_ti F_ti over all tasks and g_j E_j
    if (shared_mix_) shared_mix_->backward(pass);
    for (std::size_t t = tasks_.size(); t-- > 0;) {
      const Of& task = tasks_[t];
      // 3. dropout on v_t'
      if (pass.dropout != nullptr) pass.drop(pass.dropout->sharing, task.mask, task.v.gradient);
      // 2. g_t = softmax(v_t G_t^T + c_t), v_t' = sum of g_ti F_ti and g_tj E_j
      task.mix.backward(pass);
    }
    // 1. E = act(s A^T + a), F_t = act(v_t A_t^T + a_t)
    for (std::size_t i = experts_.size(); i-- > 0;) experts_[i].backward(pass);
  }

 private:
  /// What a task has of its own besides its experts.
  struct Of {
    GatedMix mix;
    Stream v;  ///< v_t'
    std::uint32_t mask;
  };

  std::vector<Dense> experts_;  ///< the shared ones, then those of each task
  std::vector<Of> tasks_;
  std::optional<GatedMix> shared_mix_;
  SharedStreams out_;
};

}  // namespace dcrnn::model
