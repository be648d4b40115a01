// Transfer by attention: a task weighs its own representation against what its parent hands on. Derivation:
// docs/ait.md.
#pragma once

#include <string>
#include <string_view>

#include "model/layers/linear.hpp"

namespace dcrnn::model {

/// Kind of transfer: p = relu(x N^T + c) of the parent's x, and y_t <- a_q q V^T + a_p p V^T with q = y_t and
/// a = softmax((q Q^T) . (q K^T) / sqrt(H), (p Q^T) . (p K^T) / sqrt(H)) (Xi et al. 2021, arXiv:2105.08489).
class Ait {
 public:
  struct Config {
    using Kind = Ait;
    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "ait";
  static constexpr KeyList kKeys = {};

  Ait(Build& build, const Config& /*config*/, std::size_t t, const Stream& y, const Stream& parent)
      : H_(y.width), q_(y), p_(build.value(y.width)) {
    const std::string name = "transfer." + build.tasks[t].name;
    info_ = Dense(build, name + ".info", parent, p_, t, UnitActivation::relu);
    weight_ = build.parameter(name + ".attention.weight", {checked_mul(kParts, H_, name), H_},
                              Init::uniform_fan_in, t);
    forward_ = build.packs.add_forward(weight_, H_, H_, kParts);
    if (build.training()) backward_ = build.packs.add_backward(weight_, H_, H_, kParts);
    build.flops += 12.0 * static_cast<double>(H_) * static_cast<double>(H_) + 8.0 * static_cast<double>(H_);
    qkv_q_ = build.arena.add(H_, 1, kParts);
    qkv_p_ = build.arena.add(H_, 1, kParts);
    a_ = build.arena.add_dense(2);
    out_ = build.value(H_);
    build.trace_value(name + ".attention", {a_, 0, 0, 2});
    build.trace(name, out_);
    name_ = name;
    if (!build.training()) return;
    dqkv_q_ = build.over_value(qkv_q_, H_, 1, kParts);
    dqkv_p_ = build.over_value(qkv_p_, H_, 1, kParts);
    // Both attend with the same weight: each part of it is hit twice.
    for (const auto& [dqkv, x] : {std::pair{dqkv_q_, q_}, std::pair{dqkv_p_, p_}}) {
      for (std::size_t part = 0; part < kParts; ++part) {
        build.weight_gradient({dqkv, 0, part * row_distance(H_), H_}, x, weight_ + part * H_ * H_);
      }
    }
  }

  const Stream& output() const { return out_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    // 1. p = relu(x N^T + c)
    info_.forward(pass);
    // 2. [Q_u, K_u, V_u] = u [Q, K, V]^T for u = q, p
    products(pass, q_, qkv_q_);
    products(pass, p_, qkv_p_);
    // 3. a = softmax(e_q, e_p)   4. y = a_q V_q + a_p V_p
    pass.ops.attention_forward(
        {pass.count, H_, row_distance(H_), pass.at(qkv_q_), pass.at(qkv_p_), pass.at(a_), pass.value(out_)});
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    // 4. y = a_q V_q + a_p V_p   3. a = softmax(e_q, e_p)
    pass.ops.attention_backward({pass.count, H_, row_distance(H_), pass.at(qkv_q_), pass.at(qkv_p_),
                                 pass.at(a_), pass.gradient(out_), pass.at(dqkv_q_), pass.at(dqkv_p_)});
    // 2. [Q_u, K_u, V_u] = u [Q, K, V]^T
    products_backward(pass, dqkv_q_, q_);
    products_backward(pass, dqkv_p_, p_);
    // 1. p = relu(x N^T + c)
    info_.backward(pass);
  }

  /// da_u = dy . V_u
  template <class Real>
  void trace(const Tracer<Real>& tracer) const {
    if (!tracer.gradients) return;
    Real* to = tracer.tensor(name_ + ".attention", 2);
    for (std::size_t b = 0; b < tracer.arena.rows(); ++b) {
      const Real* dy = tracer.row(out_.gradient_place(), b);
      for (const Slot qkv : {qkv_q_, qkv_p_}) {
        const Real* v = tracer.row({qkv, 0, 2 * row_distance(H_), H_}, b);
        Real sum = 0;
        for (std::size_t j = 0; j < H_; ++j) sum += dy[j] * v[j];
        *to++ = sum;
      }
    }
  }

 private:
  static constexpr std::size_t kParts = 3;  ///< Q, K, V

  template <class Real>
  void products(const Pass<Real>& pass, const Stream& x, Slot to) const {
    const std::size_t ld = row_distance(H_);
    const kernels::Operand<const Real> w = pass.packed[forward_].spread(ld);
    for (std::size_t part = 0; part < w.parts; ++part) {
      pass.ops.matmul(
          {pass.count, pass.value(x), x.ld, 1, w.part(part), {}, pass.at(to) + part * ld, pass.arena.ld(to)});
    }
  }
  template <class Real>
  void products_backward(const Pass<Real>& pass, Slot from, const Stream& x) const {
    const std::size_t ld = row_distance(H_);
    for (std::size_t part = 0; part < kParts; ++part) {
      pass.ops.matmul({pass.count,
                       pass.at(from) + part * ld,
                       pass.arena.ld(from),
                       1,
                       pass.packed[backward_].part(part).spread(ld),
                       {.accumulate = true},
                       pass.gradient(x),
                       x.ld});
    }
  }

  std::size_t H_;
  std::string name_;
  Stream q_, p_;  ///< y_t as it comes in, and what the parent hands on
  Dense info_;
  std::size_t weight_ = 0;
  PackId forward_ = 0, backward_ = 0;
  Slot qkv_q_ = 0, qkv_p_ = 0, dqkv_q_ = 0, dqkv_p_ = 0, a_ = 0;
  Stream out_;
};

}  // namespace dcrnn::model
