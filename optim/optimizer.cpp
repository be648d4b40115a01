#include "optim/optimizer.hpp"

#include <cmath>

namespace dcrnn::optim {

void Optimizer::begin_step(double rate, double gradient_scale) {
  const double t = static_cast<double>(state_.steps);
  rate_ = static_cast<float>(rate);
  gradient_scale_ = static_cast<float>(gradient_scale);
  correction1_ = static_cast<float>(1 - std::pow(config_.beta1, t));
  correction2_ = static_cast<float>(1 - std::pow(config_.beta2, t));
}

void Optimizer::update(float* parameters, std::size_t offset, const float* gradient, std::size_t n,
                       bool decays) {
  apply(parameters, offset, gradient, n, decays ? config_.weight_decay : 0, {});
}

void Optimizer::update_rows(float* parameters, std::size_t offset, std::size_t width,
                            std::span<const std::uint32_t> touched, const float* gradient) {
  if (touched.empty()) return;
  apply(parameters, offset, gradient, width, config_.weight_decay, {touched.data(), touched.size()});
}

void Optimizer::apply(float* parameters, std::size_t offset, const float* gradient, std::size_t n,
                      double weight_decay, kernels::TouchedRows touched) {
  float* p = parameters + offset;
  float* first = state_.at(0, offset);
  const auto decay = static_cast<float>(weight_decay);
  const auto epsilon = static_cast<float>(config_.epsilon);
  switch (config_.kind) {
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
    case OptimizerKind::muon:
      ops_.adam({n, p, gradient, first, state_.at(1, offset), rate_, static_cast<float>(config_.beta1),
                 static_cast<float>(config_.beta2), epsilon, decay, correction1_, correction2_,
                 gradient_scale_, config_.kind != OptimizerKind::adam, touched});
      return;
    case OptimizerKind::sgd:
      ops_.sgd({n, p, gradient, first, rate_, static_cast<float>(config_.momentum), decay, gradient_scale_,
                touched});
      return;
    case OptimizerKind::adagrad:
      ops_.adagrad({n, p, gradient, first, rate_, epsilon, decay, gradient_scale_, touched});
      return;
  }
}

}  // namespace dcrnn::optim
