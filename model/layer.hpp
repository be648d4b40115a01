// A layer of the network, whatever its kind.
#pragma once

#include <utility>

#include "model/pass.hpp"
#include "model/sparse_rows.hpp"

namespace dcrnn::model {

/// What the network knows of a layer. Immutable; holds no numbers. forward() takes a block of rows from its
/// input streams to its outputs; backward() takes the gradients of its outputs to those of its inputs, adding
/// to them; trace() gives values, or their gradients, that do not lie in the arena as they are; gather() adds
/// what a window of the batch contributes to the gradients of tables.
class Layer {
 public:
  virtual ~Layer() = default;
  virtual void forward(const Pass<float>& pass) const = 0;
  virtual void forward(const Pass<double>& pass) const = 0;
  virtual void backward(const Pass<float>& pass) const = 0;
  virtual void backward(const Pass<double>& pass) const = 0;
  virtual void trace(const Tracer<float>&) const {}
  virtual void trace(const Tracer<double>&) const {}
  virtual void gather(const Gather<float>&) const {}
  virtual void gather(const Gather<double>&) const {}
};

/// A layer as a class with templates forward, backward and, if it needs them, trace and gather.
template <class Kind>
class Erased final : public Layer {
 public:
  template <class... Args>
  explicit Erased(Args&&... args) : kind(std::forward<Args>(args)...) {}

  void forward(const Pass<float>& pass) const override { kind.forward(pass); }
  void forward(const Pass<double>& pass) const override { kind.forward(pass); }
  void backward(const Pass<float>& pass) const override { kind.backward(pass); }
  void backward(const Pass<double>& pass) const override { kind.backward(pass); }
  void trace(const Tracer<float>& tracer) const override { trace_kind(tracer); }
  void trace(const Tracer<double>& tracer) const override { trace_kind(tracer); }
  void gather(const Gather<float>& gather) const override { gather_kind(gather); }
  void gather(const Gather<double>& gather) const override { gather_kind(gather); }

  Kind kind;

 private:
  template <class Real>
  void trace_kind(const Tracer<Real>& tracer) const {
    if constexpr (requires { kind.trace(tracer); }) kind.trace(tracer);
  }
  template <class Real>
  void gather_kind(const Gather<Real>& gather) const {
    if constexpr (requires { kind.gather(gather); }) kind.gather(gather);
  }
};

}  // namespace dcrnn::model
