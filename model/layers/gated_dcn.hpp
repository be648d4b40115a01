// The gated cross network: a gate says how much of each crossing is let in. Derivation: docs/gated_dcn.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/layers/cross_weight.hpp"
#include "model/layers/keys.hpp"
#include "model/layers/states.hpp"

namespace dcrnn::model {

/// Kind of cross: u = h W^T + b, g = sigma(h V^T), h' = x0 * u * g + h (Wang et al. 2023, arXiv:2311.04635).
class GatedDcn {
 public:
  struct Config {
    using Kind = GatedDcn;
    std::size_t layers = 3;  ///< L
    bool tied = false;

    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "gated_dcn";
  static constexpr Key kKeys[] = {kLayersKey, kTiedKey};
  static constexpr std::string_view kExamples[] = {R"({"kind": "gated_dcn", "layers": 2})",
                                                   R"({"kind": "gated_dcn", "layers": 3, "tied": true})"};

  GatedDcn(Build& build, const Config& config, const Stream& x0)
      : tied_(config.tied), training_(build.training()), h_(build, x0, config.layers, false) {
    const std::size_t D = x0.width, L = h_.L;
    const std::size_t kept = training_ ? L : 1, sets = tied_ ? std::min<std::size_t>(L, 1) : L;
    for (std::size_t set = 0; set < sets; ++set) {
      const std::string name = tied_ ? "cross" : "cross." + std::to_string(set);
      Set& own = sets_.emplace_back();
      own.w.emplace_back(build, name + ".weight", D, D);
      own.bias = build.parameter(name + ".bias", {D}, Init::zeros, kEveryTask);
      own.packed_bias = build.packs.add_bias(own.bias, D);
      own.w.emplace_back(build, name + ".gate.weight", D, D);
    }
    build.flops += 4.0 * static_cast<double>(L * D) * static_cast<double>(D);
    u_ = build.arena.add(D, kept);
    g_ = build.arena.add(D, kept);
    if (training_) {
      du_ = build.over_value(u_, D, L);
      da_ = build.over_value(g_, D, L);
    }
    for (std::size_t l = 0; l < L; ++l) {
      const std::string prefix = "cross." + std::to_string(l) + ".";
      build.rows.push_back({prefix + "u", {u_, l, 0, D}, false, training_, {du_, l, 0, D}});
      build.trace_value(prefix + "g", {g_, l, 0, D});
      build.trace(prefix + "h", h_[l + 1]);
    }
    if (!training_) return;
    for (std::size_t set = 0; set < sets; ++set) {
      const std::size_t layers = tied_ ? L : 1;
      sets_[set].w[0].plan_gradient(build, du_, set, layers, x0.value, h_[set].layer, sets_[set].bias);
      sets_[set].w[1].plan_gradient(build, da_, set, layers, x0.value, h_[set].layer);
    }
  }

  Stream output() const { return h_.output(); }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    const Stream& x0 = h_.x0();
    for (std::size_t l = 0; l < h_.L; ++l) {
      const Set& own = set(l);
      const std::size_t kept = training_ ? l : 0;
      Real *u = pass.at(u_, kept), *g = pass.at(g_, kept);
      const Real* h = pass.value(h_[l]);
      // 1. u = h W^T + b
      own.w[0].forward(pass, h, {.bias = pass.packed.bias(own.packed_bias)}, u);
      // 2. g = sigma(h V^T)
      own.w[1].forward(pass, h, {.activation = kernels::Activation::sigmoid}, g);
      // 3. h' = x0 * u * g + h
      pass.ops.crossing_forward(
          {pass.count, x0.width, x0.ld, pass.value(x0), u, g, h, pass.value(h_[l + 1])});
    }
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    if (h_.L == 0) return;
    const Stream& x0 = h_.x0();
    for (std::size_t l = h_.L; l-- > 0;) {
      const Set& own = set(l);
      Real *du = pass.at(du_, l), *da = pass.at(da_, l), *dh = pass.gradient(h_[l]);
      // 3. h' = x0 * u * g + h   2. g = sigma(a)
      pass.ops.crossing_backward({pass.count, x0.width, x0.ld, pass.value(x0), pass.at(u_, l), pass.at(g_, l),
                                  pass.gradient(h_[l + 1]), du, da, pass.gradient(x0), dh});
      // 2. a = h V^T
      own.w[1].backward(pass, da, x0.ld, dh);
      // 1. u = h W^T + b
      own.w[0].backward(pass, du, x0.ld, dh);
    }
    // 0. h^0 = x0
    pass.add(pass.gradient(h_[0]), pass.gradient(x0), x0.width);
  }

  /// dg = dh' * x0 * u
  template <class Real>
  void trace(const Tracer<Real>& tracer) const {
    if (!tracer.gradients) return;
    const Stream& x0 = h_.x0();
    for (std::size_t l = 0; l < h_.L; ++l) {
      Real* to = tracer.tensor("cross." + std::to_string(l) + ".g", x0.width);
      for (std::size_t b = 0; b < tracer.arena.rows(); ++b) {
        const Real *dh = tracer.row(h_[l + 1].gradient_place(), b), *x = tracer.row(x0.place(), b);
        const Real* u = tracer.row({u_, l, 0, x0.width}, b);
        for (std::size_t j = 0; j < x0.width; ++j) *to++ = dh[j] * x[j] * u[j];
      }
    }
  }

 private:
  struct Set {
    std::vector<CrossWeight> w;  ///< W, V
    std::size_t bias = 0;        ///< offset
    PackId packed_bias = 0;
  };
  const Set& set(std::size_t l) const { return sets_[tied_ ? 0 : l]; }

  bool tied_, training_;
  States h_;
  std::vector<Set> sets_;
  Slot u_ = 0, g_ = 0, du_ = 0, da_ = 0;
};

void describe(auto& v, Is<GatedDcn::Config> auto& cross) {
  v.value("layers", cross.layers);
  v.value("tied", cross.tied);
}

}  // namespace dcrnn::model
