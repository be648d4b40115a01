// The GRU cross layers. Derivation: docs/cross.md.
#pragma once

#include <string>
#include <vector>

#include "model/layers/gru.hpp"

namespace dcrnn::model {

class Cross {
 public:
  Cross() = default;
  /// L = layers steps over x0 [B, D].
  Cross(Builder& builder, const ParameterTable& table, std::size_t layers, bool tied)
      : D_(table.input_width), L_(layers), tied_(tied), training_(builder.training) {
    h_ = builder.arena.add(D_, training_ ? L_ + 1 : std::min<std::size_t>(L_ + 1, 3));
    if (training_) {
      dh_ = builder.arena.add(D_);
      dx0_ = builder.arena.add(D_);
    }
    for (const GruLayout& layout : table.cross) cells_.emplace_back(builder, layout);
    if (L_ == 0) return;
    cross_ = table.cross[0].candidate == Candidate::cross;
    slots_ = GruCell::plan_slots(builder, table.cross[0], training_ ? L_ : 1, cells_.size());
    if (!training_) return;
    for (std::size_t set = 0; set < cells_.size(); ++set) {
      cells_[set].plan_gradients(builder.gradients, slots_, set, tied_ ? L_ : 1, set, {h_, 0}, {h_, set});
    }
  }

  Stream input() const { return {h_, 0, dx0_, D_}; }
  /// h^L
  Stream output() const { return {h_, state(L_), dh_, D_}; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    const Real* x0 = pass.at(h_);
    for (std::size_t l = 0; l < L_; ++l) {
      const GruCell& gru = cell(l);
      // 1. gx = x0 W^T + b, the same in all steps when the weights are tied
      if (l == 0 || !tied_) gru.input_product(pass, slots_, x0);
      // 2. h^{l+1} = GRU(gx, h^l)
      gru.forward(pass, slots_, training_ ? l : 0, x0, pass.at(h_, state(l)), pass.at(h_, state(l + 1)));
    }
  }

  /// From the gradient of h^L in its stream to that of x0 in its own.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    Real* dh = pass.at(dh_);
    Real* dx0 = pass.at(dx0_);
    const Real* x0 = pass.at(h_);
    pass.clear(dx0_);
    // gx has served: its gradient takes its place.
    for (std::size_t set = 0; set < cells_.size(); ++set) pass.clear(slots_.gx, set);
    for (std::size_t l = L_; l-- > 0;) {
      const std::size_t set = tied_ ? 0 : l;
      // 2. h^{l+1} = GRU(gx, h^l)
      cell(l).backward(pass, slots_, l, set, x0, pass.at(h_, l), dh, dx0);
      // 1. gx = x0 W^T + b; tied: dgx has summed all steps, so dx0 takes one product
      if (l == 0 || !tied_) cell(l).input_backward(pass, slots_, set, dx0);
    }
    // 0. h^0 = x0
    for (std::size_t i = 0; i < pass.count * row_distance(D_); ++i) dx0[i] += dh[i];
  }

  template <class Real>
  void trace(const Arena<Real>& arena, const TraceSink<Real>& sink) const {
    const std::size_t B = arena.rows(), ld = row_distance(D_);
    for (std::size_t l = 0; l < L_; ++l) {
      const std::string prefix = "cross." + std::to_string(l) + ".";
      sink.copy(prefix + "r", arena.at(slots_.gates, 0, l), B, D_, 2 * ld);
      sink.copy(prefix + "z", arena.at(slots_.gates, 0, l) + ld, B, D_, 2 * ld);
      Real* n = sink.tensor(prefix + "n", {B, D_});
      for (std::size_t b = 0; b < B; ++b, n += D_) {
        std::copy_n(arena.at(slots_.candidate, b, l), D_, n);
        if (!cross_) continue;  // the kernels keep u, and n = h + x0 * u
        const Real *x0 = arena.at(h_, b), *h = arena.at(h_, b, l);
        for (std::size_t j = 0; j < D_; ++j) n[j] = h[j] + x0[j] * n[j];
      }
      sink.copy(prefix + "h", arena.at(h_, 0, l + 1), B, D_, ld);
    }
  }

 private:
  const GruCell& cell(std::size_t l) const { return cells_[tied_ ? 0 : l]; }
  /// The layer of h_ that holds h^l: all are kept for the backward pass; scoring takes turns between two.
  std::size_t state(std::size_t l) const { return training_ || l == 0 ? l : 1 + (l - 1) % 2; }

  std::size_t D_ = 0, L_ = 0;
  bool tied_ = true, training_ = false, cross_ = true;
  std::vector<GruCell> cells_;
  Slot h_ = 0, dh_ = 0, dx0_ = 0;
  GruSlots slots_;
};

}  // namespace dcrnn::model
