// Task towers: relu layers y <- relu(y W^T + b), each a Linear. Derivation: docs/tower.md.
#pragma once

#include <string>
#include <vector>

#include "model/layers/linear.hpp"

namespace dcrnn::model {

class Tower {
 public:
  Tower(Builder& builder, const std::vector<LinearLayout>& layouts, const Stream& input) : streams_{input} {
    for (const LinearLayout& layout : layouts) {
      layers_.emplace_back(builder, layout);
      const Slot value = builder.arena.add(layout.out);
      const Slot gradient = builder.training ? builder.arena.add(layout.out) : 0;
      if (builder.training) {
        layers_.back().plan_gradient(builder.gradients, gradient, 0, streams_.back());
      }
      streams_.push_back({value, 0, gradient, layout.out});
      masks_.push_back(builder.dropout_streams++);
    }
  }

  /// y_t; the input itself if there are no layers.
  const Stream& output() const { return streams_.back(); }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Stream &x = streams_[i], &y = streams_[i + 1];
      // 1. y = relu(x W^T + b)   2. dropout on y
      layers_[i].forward(pass, x, kernels::Activation::relu, pass.at(y.value), y.ld());
      if (pass.dropout != nullptr) pass.drop(pass.dropout->tower, masks_[i], y.value);
    }
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    for (std::size_t i = layers_.size(); i-- > 0;) {
      const Stream &x = streams_[i], &y = streams_[i + 1];
      Real* dy = pass.at(y.gradient);
      // 2. dropout on y
      if (pass.dropout != nullptr) pass.drop(pass.dropout->tower, masks_[i], y.gradient);
      // 1. y = relu(x W^T + b)
      pass.ops.relu_backward({pass.count, y.width, pass.at(y.value), y.ld(), dy, y.ld(), dy, y.ld()});
      layers_[i].backward(pass, dy, y.ld(), x);
    }
  }

  template <class Real>
  void clear_gradients(const Pass<Real>& pass) const {
    for (std::size_t i = 1; i < streams_.size(); ++i) pass.clear(streams_[i].gradient);
  }

  template <class Real>
  void trace(const Arena<Real>& arena, const TraceSink<Real>& sink, const std::string& task) const {
    for (std::size_t i = 1; i < streams_.size(); ++i) {
      sink.copy("tower." + task + "." + std::to_string(i - 1), arena.at(streams_[i].value), arena.rows(),
                streams_[i].width, streams_[i].ld());
    }
  }

 private:
  std::vector<Linear> layers_;
  std::vector<Stream> streams_;  ///< input, then the output of every layer
  std::vector<std::uint32_t> masks_;
};

}  // namespace dcrnn::model
