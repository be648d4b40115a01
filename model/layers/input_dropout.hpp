// Dropout on x0, once all of it is there. Derivation: docs/optimizers.md.
#pragma once

#include "model/build.hpp"

namespace dcrnn::model {

class InputDropout {
 public:
  InputDropout(Build& build, const Stream& x0) : x0_(x0), mask_(build.dropout_streams++) {}

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    if (pass.dropout != nullptr) pass.drop(pass.dropout->input, mask_, x0_.value);
  }

  /// The same mask on the gradient of x0.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    if (pass.dropout != nullptr) pass.drop(pass.dropout->input, mask_, x0_.gradient);
  }

 private:
  Stream x0_;
  std::uint32_t mask_ = 0;
};

}  // namespace dcrnn::model
