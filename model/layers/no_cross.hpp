// No cross: h^L = x0.
#pragma once

#include <string_view>

#include "model/build.hpp"
#include "model/layers/keys.hpp"

namespace dcrnn::model {

/// Kind of cross without layers.
class NoCross {
 public:
  struct Config {
    using Kind = NoCross;
    std::size_t layers = 0;

    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "none";
  static constexpr Key kKeys[] = {
      {.name = "layers", .kind = KeyKind::whole, .doc = "number of layers", .least = 0, .most = 0}};
  static constexpr std::string_view kExamples[] = {R"({"kind": "none"})"};

  NoCross(Build& /*build*/, const Config& /*config*/, const Stream& x0) : out_(x0) {}

  const Stream& output() const { return out_; }

  template <class Real>
  void forward(const Pass<Real>& /*pass*/) const {}
  template <class Real>
  void backward(const Pass<Real>& /*pass*/) const {}

 private:
  Stream out_;
};

void describe(auto& v, Is<NoCross::Config> auto& cross) {
  v.value("layers", cross.layers);
}

}  // namespace dcrnn::model
