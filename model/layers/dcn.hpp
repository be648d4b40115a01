// The cross network: each layer crosses x0 with one number per row. Derivation: docs/dcn.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/layers/cross_weight.hpp"
#include "model/layers/keys.hpp"
#include "model/layers/states.hpp"

namespace dcrnn::model {

/// Kind of cross: u = h w^T, h' = u x0 + b + h (Wang et al. 2017, arXiv:1708.05123).
class Dcn {
 public:
  struct Config {
    using Kind = Dcn;
    std::size_t layers = 3;  ///< L
    bool tied = false;

    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "dcn";
  static constexpr Key kKeys[] = {kLayersKey, kTiedKey};
  static constexpr std::string_view kExamples[] = {R"({"kind": "dcn", "layers": 3})",
                                                   R"({"kind": "dcn", "layers": 2, "tied": true})"};

  Dcn(Build& build, const Config& config, const Stream& x0)
      : tied_(config.tied), training_(build.training()), h_(build, x0, config.layers, true) {
    const std::size_t D = x0.width, L = h_.L, sets = tied_ ? std::min<std::size_t>(L, 1) : L;
    for (std::size_t set = 0; set < sets; ++set) {
      const std::string name = tied_ ? "cross" : "cross." + std::to_string(set);
      weights_.emplace_back(build, name + ".weight", 1, D);
      biases_.push_back(build.parameter(name + ".bias", {D}, Init::zeros, kEveryTask));
      packed_biases_.push_back(build.packs.add_bias(biases_[set], D));
    }
    build.flops += 2.0 * static_cast<double>(D * L);
    u_ = build.arena.add_dense(1, training_ ? L : 1);
    if (training_) du_ = build.purpose.keep_values ? build.arena.add_dense(1, L) : u_;
    for (std::size_t l = 0; l < L; ++l) {
      const std::string prefix = "cross." + std::to_string(l) + ".";
      build.rows.push_back({prefix + "u", {u_, l, 0, 1}, false, training_, {du_, l, 0, 1}});
      build.trace(prefix + "h", h_[l + 1]);
    }
    if (!training_) return;
    for (std::size_t set = 0; set < sets; ++set) {
      const std::size_t layers = tied_ ? L : 1;
      weights_[set].plan_gradient(build, du_, set, layers, x0.value, h_[set].layer);
      const Stream first = h_[set + 1];
      build.gradients.biases.push_back({{first.gradient, first.gradient_layer, 0, D, layers}, biases_[set]});
    }
  }

  Stream output() const { return h_.output(); }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    const Stream& x0 = h_.x0();
    for (std::size_t l = 0; l < h_.L; ++l) {
      Real* u = pass.at(u_, training_ ? l : 0);
      // 1. u = h w^T
      weights_[set(l)].forward_dense(pass, pass.value(h_[l]), u);
      // 2. h' = u x0 + b + h
      pass.ops.vector_crossing_forward({pass.count, x0.width, x0.ld, pass.value(x0), u,
                                        pass.packed.bias(packed_biases_[set(l)]), pass.value(h_[l]),
                                        pass.value(h_[l + 1])});
    }
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    if (h_.L == 0) return;
    const Stream& x0 = h_.x0();
    for (std::size_t l = h_.L; l-- > 0;) {
      Real *du = pass.at(du_, l), *dh = pass.gradient(h_[l]);
      // 2. h' = u x0 + b + h
      pass.ops.vector_crossing_backward({pass.count, x0.width, x0.ld, pass.value(x0), pass.at(u_, l),
                                         pass.gradient(h_[l + 1]), du, pass.gradient(x0), dh});
      // 1. u = h w^T
      weights_[set(l)].backward(pass, du, 1, dh);
    }
    // 0. h^0 = x0
    pass.add(pass.gradient(h_[0]), pass.gradient(x0), x0.width);
  }

 private:
  std::size_t set(std::size_t l) const { return tied_ ? 0 : l; }

  bool tied_, training_;
  States h_;
  std::vector<CrossWeight> weights_;
  std::vector<std::size_t> biases_;  ///< offsets
  std::vector<PackId> packed_biases_;
  Slot u_ = 0, du_ = 0;
};

void describe(auto& v, Is<Dcn::Config> auto& cross) {
  v.value("layers", cross.layers);
  v.value("tied", cross.tied);
}

}  // namespace dcrnn::model
