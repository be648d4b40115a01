// The GRU cross layers. Derivation: docs/cross.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/layers/gru.hpp"
#include "model/layers/keys.hpp"

namespace dcrnn::model {

/// Kind of cross: x0 [B, D] to h^L [B, D] by L GRU steps, h^0 = x0.
class GruCross {
 public:
  struct Config {
    using Kind = GruCross;
    Candidate candidate = Candidate::cross;
    std::size_t layers = 3;  ///< L
    bool tied = true;

    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "gru";
  static constexpr std::string_view kPage = "docs/cross.md";
  static constexpr Key kKeys[] = {{.name = "candidate",
                                   .kind = KeyKind::word,
                                   .doc = "cross: explicit crossing under GRU gates; tanh: the textbook GRU",
                                   .words = "cross|tanh"},
                                  kLayersKey,
                                  kTiedKey};
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "gru", "layers": 2})", R"({"kind": "gru", "layers": 2, "tied": false})",
      R"({"kind": "gru", "candidate": "tanh", "layers": 2})",
      R"({"kind": "gru", "candidate": "tanh", "layers": 3, "tied": false})",
      R"({"kind": "gru", "layers": 0})"};

  GruCross(Build& build, const Config& config, const Stream& x0)
      : L_(config.layers),
        tied_(config.tied),
        training_(build.training()),
        keeps_gradients_(build.purpose.keep_gradients),
        candidate_(config.candidate),
        x0_(x0),
        out_(x0) {
    if (L_ == 0) return;
    const std::size_t D = x0.width;
    for (std::size_t l = 0; l < (tied_ ? 1 : L_); ++l) {
      const std::string name = tied_ ? "cross" : "cross." + std::to_string(l);
      cells_.emplace_back(build, name, candidate_, D, D, kEveryTask);
    }
    build.flops += static_cast<double>(cells_.size()) * cells_[0].input_flops() +
                   static_cast<double>(L_) * cells_[0].step_flops();
    // The states lie behind x0, so that the rows of all steps form one matrix. Scoring takes turns between
    // two.
    states_ = build.arena.extend(x0.value, training_ ? L_ : std::min<std::size_t>(L_, 2));
    slots_ = GruSlots(build, candidate_, D, L_, cells_.size());
    out_.layer = state(L_);
    if (!training_) return;
    out_.gradient = build.arena.add(D, keeps_gradients_ ? L_ + 1 : 1);
    out_.gradient_layer = gradient(L_);
    build.clear(out_.gradient, out_.gradient_layer);
    for (std::size_t set = 0; set < cells_.size(); ++set) {
      cells_[set].plan_gradients(build.gradients, slots_, set, tied_ ? L_ : 1, set, x0, state_stream(set));
    }
  }

  /// h^L
  const Stream& output() const { return out_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    const Real* x0 = pass.value(x0_);
    for (std::size_t l = 0; l < L_; ++l) {
      const GruCell& gru = cell(l);
      // 1. gx = x0 W^T + b, the same in all steps when the weights are tied
      if (l == 0 || !tied_) gru.input_product(pass, slots_, x0);
      // 2. h^{l+1} = GRU(gx, h^l)
      gru.forward(pass, slots_, training_ ? l : 0, x0, pass.at(x0_.value, state(l)),
                  pass.at(x0_.value, state(l + 1)));
    }
  }

  /// From the gradient of h^L in its stream to that of x0 in its own.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    if (L_ == 0) return;
    Real* dx0 = pass.gradient(x0_);
    const Real* x0 = pass.value(x0_);
    // gx has served: its gradient may take its place.
    for (std::size_t set = 0; set < cells_.size(); ++set) pass.clear(slots_.dgx, set);
    for (std::size_t l = L_; l-- > 0;) {
      const std::size_t set = tied_ ? 0 : l;
      // 2. h^{l+1} = GRU(gx, h^l)
      cell(l).backward(pass, slots_, l, set, x0, pass.at(x0_.value, state(l)),
                       pass.at(out_.gradient, gradient(l + 1)), pass.at(out_.gradient, gradient(l)), dx0);
      // 1. gx = x0 W^T + b; tied: dgx has summed all steps, so dx0 takes one product
      if (l == 0 || !tied_) cell(l).input_backward(pass, slots_, set, dx0);
    }
    // 0. h^0 = x0
    pass.add(pass.at(out_.gradient, gradient(0)), dx0, x0_.width);
  }

  template <class Real>
  void trace(const Tracer<Real>& tracer) const {
    for (std::size_t l = 0; l < L_; ++l) {
      const std::string prefix = "cross." + std::to_string(l) + ".";
      if (tracer.gradients) {
        trace_gradients(tracer, prefix, l);
        continue;
      }
      tracer.copy(prefix + "r", gate(l, 0));
      tracer.copy(prefix + "z", gate(l, 1));
      each(tracer, prefix + "n", [&](std::size_t b, std::size_t j) { return new_state(tracer, l, b, j); });
      tracer.copy(prefix + "h", state_stream(l + 1).place());
    }
  }

 private:
  const GruCell& cell(std::size_t l) const { return cells_[tied_ ? 0 : l]; }
  /// The layer of x0's slot that holds h^l: all are kept for the backward pass; scoring takes turns.
  std::size_t state(std::size_t l) const { return l == 0 ? 0 : states_ + (training_ ? l - 1 : (l - 1) % 2); }
  /// The layer of the gradient's slot that holds dh^l.
  std::size_t gradient(std::size_t l) const { return keeps_gradients_ ? l : 0; }
  Stream state_stream(std::size_t l) const {
    Stream h = x0_;
    h.layer = state(l);
    return h;
  }
  /// r (0) or z (1) of step l.
  Place gate(std::size_t l, std::size_t which) const {
    return {slots_.gates, l, which * row_distance(x0_.width), x0_.width};
  }
  Place place(Slot slot, std::size_t layer) const { return {slot, layer, 0, x0_.width}; }

  /// Computes a tensor [B, D] of the trace.
  template <class Real, class F>
  void each(const Tracer<Real>& tracer, const std::string& name, F&& f) const {
    Real* to = tracer.tensor(name, x0_.width);
    for (std::size_t b = 0; b < tracer.arena.rows(); ++b) {
      for (std::size_t j = 0; j < x0_.width; ++j) *to++ = f(b, j);
    }
  }
  /// n: the kernels of candidate cross keep u, and n = h + x0 * u.
  template <class Real>
  Real new_state(const Tracer<Real>& tracer, std::size_t l, std::size_t b, std::size_t j) const {
    const Real kept = tracer.row(place(slots_.candidate, l), b)[j];
    if (candidate_ == Candidate::tanh) return kept;
    return tracer.row(state_stream(l).place(), b)[j] + tracer.row(x0_.place(), b)[j] * kept;
  }
  /// h' = (1 - z) * n + z * h gives n and z; r acts on h (cross) or on h U_n^T + d_n (tanh).
  template <class Real>
  void trace_gradients(const Tracer<Real>& tracer, const std::string& prefix, std::size_t l) const {
    const auto at = [&](const Place& from, std::size_t b, std::size_t j) { return tracer.row(from, b)[j]; };
    const Place dh_next = place(out_.gradient, gradient(l + 1)), h = state_stream(l).place();
    const bool cross = candidate_ == Candidate::cross;
    const Place dr = cross ? place(slots_.dreset, l) : place(slots_.dcandidate, l);
    const Place scaled = cross ? h : place(slots_.reset, l);
    each(tracer, prefix + "r", [&](auto b, auto j) { return at(dr, b, j) * at(scaled, b, j); });
    each(tracer, prefix + "z",
         [&](auto b, auto j) { return at(dh_next, b, j) * (at(h, b, j) - new_state(tracer, l, b, j)); });
    each(tracer, prefix + "n",
         [&](auto b, auto j) { return at(dh_next, b, j) * at(place(slots_.carry, l), b, j); });
    tracer.copy(prefix + "h", dh_next);
  }

  std::size_t L_ = 0;
  bool tied_, training_, keeps_gradients_;
  Candidate candidate_;
  Stream x0_, out_;
  std::size_t states_ = 0;  ///< the layer of x0's slot where h^1 lies
  std::vector<GruCell> cells_;
  GruSlots slots_;
};

void describe(auto& v, Is<GruCross::Config> auto& cross) {
  v.value("candidate", cross.candidate);
  v.value("layers", cross.layers);
  v.value("tied", cross.tied);
}

}  // namespace dcrnn::model
