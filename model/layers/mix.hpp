// Weighted sums of units: what mixtures of experts and stitches between tasks have in common. Derivation:
// docs/mmoe.md.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "core/limits.hpp"
#include "model/build.hpp"

namespace dcrnn::model {

/// out [B, m] = sum over i of g_i E_i, E_i the groups of m columns of all sources, one after the other.
class Mix {
 public:
  Mix() = default;
  /// Every source is a whole multiple of `out.width` wide; there are at most kMaxTasks + 1 of them.
  Mix(Build& build, std::vector<Stream> sources, const Stream& out)
      : sources_(std::move(sources)), out_(out) {
    for (const Stream& source : sources_) count_ += source.width / out.width;
    build.flops += 2.0 * static_cast<double>(count_) * static_cast<double>(out.width);
  }

  /// Weights of a row: the groups of all sources.
  std::size_t count() const { return count_; }

  /// g [B, count] with row distance `g_row`, or one row for all examples: 0.
  template <class Real>
  void forward(const Pass<Real>& pass, const Real* g, std::size_t g_row) const {
    const Sources<const Real> units = groups<const Real>([&](const Stream& e) { return pass.value(e); });
    pass.ops.mix_forward(
        {pass.count, out_.width, units.data(), sources_.size(), g, g_row, pass.value(out_), out_.ld});
  }

  /// dE_i += g_i dout; writes dg [B, count], dg_i = dout . E_i.
  template <class Real>
  void backward(const Pass<Real>& pass, const Real* g, std::size_t g_row, Real* dg, std::size_t ld_dg) const {
    const Sources<const Real> units = groups<const Real>([&](const Stream& e) { return pass.value(e); });
    const Sources<Real> dunits = groups<Real>([&](const Stream& e) { return pass.gradient(e); });
    pass.ops.mix_backward({pass.count, out_.width, units.data(), dunits.data(), sources_.size(), g, g_row,
                           pass.gradient(out_), out_.ld, dg, ld_dg});
  }

 private:
  template <class Element>
  using Sources = std::array<kernels::Units<Element>, kMaxTasks + 1>;

  template <class Element, class At>
  Sources<Element> groups(At&& at) const {
    Sources<Element> units{};
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      units[i] = {at(sources_[i]), sources_[i].ld, sources_[i].width / out_.width};
    }
    return units;
  }

  std::vector<Stream> sources_;
  Stream out_;
  std::size_t count_ = 0;
};

}  // namespace dcrnn::model
