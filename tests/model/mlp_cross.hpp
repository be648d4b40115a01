// The worked example of docs/adding-a-layer.md: plain layers in place of cross layers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/layers/keys.hpp"
#include "model/layers/linear.hpp"

namespace dcrnn::model {

/// Kind of cross: h^{l+1} = relu(h^l W_l^T + b_l), h^0 = x0, all D wide.
class MlpCross {
 public:
  struct Config {
    using Kind = MlpCross;
    std::size_t layers = 2;  ///< L

    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "mlp";
  static constexpr Key kKeys[] = {kLayersKey};
  static constexpr std::string_view kExamples[] = {R"({"kind": "mlp"})", R"({"kind": "mlp", "layers": 3})"};

  MlpCross(Build& build, const Config& config, const Stream& x0) : h_(x0) {
    for (std::size_t l = 0; l < config.layers; ++l) {
      const Stream next = build.value(x0.width);
      layers_.emplace_back(build, "cross." + std::to_string(l), h_, next, kEveryTask);
      h_ = next;
    }
  }

  /// h^L
  const Stream& output() const { return h_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    for (const Dense& layer : layers_) layer.forward(pass);
  }

  template <class Real>
  void backward(const Pass<Real>& pass) const {
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) layer->backward(pass);
  }

 private:
  std::vector<Dense> layers_;
  Stream h_;
};

void describe(auto& v, Is<MlpCross::Config> auto& cross) {
  v.value("layers", cross.layers);
}

}  // namespace dcrnn::model
