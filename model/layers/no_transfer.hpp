// No transfer: every task keeps its own representation.
#pragma once

#include <string_view>

#include "model/build.hpp"

namespace dcrnn::model {

/// Kind of transfer that hands nothing on.
class NoTransfer {
 public:
  struct Config {
    using Kind = NoTransfer;
    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "none";
  static constexpr KeyList kKeys = {};

  NoTransfer(Build& /*build*/, const Config& /*config*/, std::size_t /*t*/, const Stream& y,
             const Stream& /*parent*/)
      : out_(y) {}

  const Stream& output() const { return out_; }

  template <class Real>
  void forward(const Pass<Real>& /*pass*/) const {}
  template <class Real>
  void backward(const Pass<Real>& /*pass*/) const {}

 private:
  Stream out_;
};

}  // namespace dcrnn::model
