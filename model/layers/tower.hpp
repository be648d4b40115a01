// Task towers: layers y <- act(y W^T + b). Derivation: docs/tower.md.
#pragma once

#include <string>
#include <vector>

#include "model/layers/linear.hpp"

namespace dcrnn::model {

/// The tower of task t, on v_t.
class Tower {
 public:
  Tower(Build& build, const std::vector<std::size_t>& widths, std::size_t t, const Stream& v) : out_(v) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string name = "tower." + build.tasks[t].name + "." + std::to_string(i);
      const Stream y = build.value(widths[i]);
      layers_.push_back({Dense(build, name, out_, y, t), y, build.dropout_streams++});
      out_ = y;
    }
  }

  /// y_t; the input itself if there are no layers.
  const Stream& output() const { return out_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    for (const TowerLayer& layer : layers_) {
      // 1. y = act(x W^T + b)
      layer.dense.forward(pass);
      // 2. dropout on y
      if (pass.dropout != nullptr) pass.drop(pass.dropout->tower, layer.mask, layer.y.value);
    }
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    for (std::size_t i = layers_.size(); i-- > 0;) {
      const TowerLayer& layer = layers_[i];
      // 2. dropout on y
      if (pass.dropout != nullptr) pass.drop(pass.dropout->tower, layer.mask, layer.y.gradient);
      // 1. y = act(x W^T + b)
      layer.dense.backward(pass);
    }
  }

 private:
  struct TowerLayer {
    Dense dense;
    Stream y;
    std::uint32_t mask;
  };
  std::vector<TowerLayer> layers_;
  Stream out_;
};

}  // namespace dcrnn::model
