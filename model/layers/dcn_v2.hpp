// The cross network with a matrix: each layer crosses x0 with a number for each feature. Derivation:
// docs/dcn_v2.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/rules.hpp"
#include "model/layers/cross_weight.hpp"
#include "model/layers/keys.hpp"
#include "model/layers/states.hpp"

namespace dcrnn::model {

/// Kind of cross: u = h W^T + b, or v = h V^T, u = v U^T + b for a rank r > 0; h' = x0 * u + h (Wang et al.
/// 2021, arXiv:2008.13535).
class DcnV2 {
 public:
  struct Config {
    using Kind = DcnV2;
    std::size_t layers = 3;  ///< L
    bool tied = false;
    std::size_t rank = 0;  ///< r; 0: the full matrix

    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "dcn_v2";
  static constexpr Key kKeys[] = {kLayersKey,
                                  kTiedKey,
                                  {.name = "rank",
                                   .kind = KeyKind::whole,
                                   .doc = "width of the low-rank product, at most D; 0: the full matrix",
                                   .added = true}};
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "dcn_v2", "layers": 2})", R"({"kind": "dcn_v2", "layers": 3, "tied": true})",
      R"({"kind": "dcn_v2", "layers": 2, "rank": 3})",
      R"({"kind": "dcn_v2", "layers": 2, "rank": 2, "tied": true})"};

  /// What is wrong with the config of a cross over x0 [B, D].
  static Complaint complaint(const Config& config, std::size_t D) {
    if (config.rank <= D) return {};
    return {".rank", "found " + std::to_string(config.rank) + ", want at most D, " + std::to_string(D),
            "D is the sum of the widths of all fields"};
  }

  DcnV2(Build& build, const Config& config, const Stream& x0)
      : tied_(config.tied),
        training_(build.training()),
        rank_(config.rank),
        h_(build, x0, config.layers, false) {
    const std::size_t D = x0.width, L = h_.L;
    const std::size_t kept = training_ ? L : 1, sets = tied_ ? std::min<std::size_t>(L, 1) : L;
    for (std::size_t set = 0; set < sets; ++set) {
      const std::string name = tied_ ? "cross" : "cross." + std::to_string(set);
      Set& own = sets_.emplace_back();
      if (rank_ > 0) {
        own.w.emplace_back(build, name + ".weight_v", rank_, D);
        own.w.emplace_back(build, name + ".weight_u", D, rank_);
      } else {
        own.w.emplace_back(build, name + ".weight", D, D);
      }
      own.bias = build.parameter(name + ".bias", {D}, Init::zeros, kEveryTask);
      own.packed_bias = build.packs.add_bias(own.bias, D);
    }
    build.flops += 2.0 * static_cast<double>(L * D) * static_cast<double>(rank_ > 0 ? 2 * rank_ : D);
    u_ = build.arena.add(D, kept);
    if (rank_ > 0) v_ = build.arena.add(rank_, kept);
    if (training_) {
      du_ = build.over_value(u_, D, L);
      if (rank_ > 0) dv_ = build.arena.add(rank_, L);
    }
    for (std::size_t l = 0; l < L; ++l) {
      const std::string prefix = "cross." + std::to_string(l) + ".";
      build.rows.push_back({prefix + "u", {u_, l, 0, D}, false, training_, {du_, l, 0, D}});
      if (rank_ > 0) {
        build.rows.push_back({prefix + "v", {v_, l, 0, rank_}, false, training_, {dv_, l, 0, rank_}});
      }
      build.trace(prefix + "h", h_[l + 1]);
    }
    if (training_) plan_gradients(build);
  }

  Stream output() const { return h_.output(); }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    const Stream& x0 = h_.x0();
    for (std::size_t l = 0; l < h_.L; ++l) {
      const Set& own = set(l);
      const std::size_t kept = training_ ? l : 0;
      const kernels::Epilogue<Real> bias = {.bias = pass.packed.bias(own.packed_bias)};
      const Real* h = pass.value(h_[l]);
      // 1. v = h V^T   2. u = v U^T + b, or h W^T + b
      if (rank_ > 0) own.w[0].forward(pass, h, {}, pass.at(v_, kept));
      own.w.back().forward(pass, rank_ > 0 ? pass.at(v_, kept) : h, bias, pass.at(u_, kept));
      // 3. h' = x0 * u + h
      pass.ops.crossing_forward({pass.count, x0.width, x0.ld, pass.value(x0), pass.at(u_, kept), nullptr, h,
                                 pass.value(h_[l + 1])});
    }
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    if (h_.L == 0) return;
    const Stream& x0 = h_.x0();
    for (std::size_t l = h_.L; l-- > 0;) {
      const Set& own = set(l);
      Real *du = pass.at(du_, l), *dh = pass.gradient(h_[l]);
      // 3. h' = x0 * u + h
      pass.ops.crossing_backward({pass.count, x0.width, x0.ld, pass.value(x0), pass.at(u_, l), nullptr,
                                  pass.gradient(h_[l + 1]), du, nullptr, pass.gradient(x0), dh});
      // 2. u = v U^T + b   1. v = h V^T
      if (rank_ > 0) {
        own.w[1].backward(pass, du, x0.ld, pass.at(dv_, l), false);
        own.w[0].backward(pass, pass.at(dv_, l), row_distance(rank_), dh);
      } else {
        own.w[0].backward(pass, du, x0.ld, dh);
      }
    }
    // 0. h^0 = x0
    pass.add(pass.gradient(h_[0]), pass.gradient(x0), x0.width);
  }

 private:
  struct Set {
    std::vector<CrossWeight> w;  ///< W, or V and U
    std::size_t bias = 0;        ///< offset
    PackId packed_bias = 0;
  };
  const Set& set(std::size_t l) const { return sets_[tied_ ? 0 : l]; }

  /// Tied, each is one product over the rows of all layers.
  void plan_gradients(Build& build) const {
    const std::size_t layers = tied_ ? h_.L : 1;
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      const Slot h = h_.x0().value;
      if (rank_ > 0) {
        sets_[i].w[0].plan_gradient(build, dv_, i, layers, h, h_[i].layer);
        sets_[i].w[1].plan_gradient(build, du_, i, layers, v_, i, sets_[i].bias);
      } else {
        sets_[i].w[0].plan_gradient(build, du_, i, layers, h, h_[i].layer, sets_[i].bias);
      }
    }
  }

  bool tied_, training_;
  std::size_t rank_;
  States h_;
  std::vector<Set> sets_;
  Slot u_ = 0, v_ = 0, du_ = 0, dv_ = 0;
};

void describe(auto& v, Is<DcnV2::Config> auto& cross) {
  v.value("layers", cross.layers);
  v.value("tied", cross.tied);
  v.value("rank", cross.rank);
}

}  // namespace dcrnn::model
