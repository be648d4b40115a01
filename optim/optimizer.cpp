#include "optim/optimizer.hpp"

#include <cmath>

namespace dcrnn::optim {

Optimizer::Optimizer(const OptimizerConfig& config, const kernels::Table<float>& ops, std::size_t parameters)
    : config_(config), ops_(ops) {
  const bool two = config.kind == OptimizerKind::adam || config.kind == OptimizerKind::adamw;
  for (int i = 0; i < (two ? 2 : 1); ++i) state_.emplace_back(parameters, "optimizer state");
}

void Optimizer::begin_step(double rate, double gradient_scale) {
  ++steps_;
  const double t = static_cast<double>(steps_);
  rate_ = static_cast<float>(rate);
  gradient_scale_ = static_cast<float>(gradient_scale);
  correction1_ = static_cast<float>(1 - std::pow(config_.beta1, t));
  correction2_ = static_cast<float>(1 - std::pow(config_.beta2, t));
}

void Optimizer::update_rows(float* parameters, std::size_t offset, std::size_t width,
                            std::span<const std::uint32_t> touched, const float* gradient) {
  if (touched.empty()) return;
  apply(parameters, offset, gradient, width, {touched.data(), touched.size()}, config_.weight_decay);
}

void Optimizer::apply(float* parameters, std::size_t offset, const float* gradient, std::size_t n,
                      kernels::TouchedRows touched, double weight_decay) {
  float* p = parameters + offset;
  float* first = state_[0].data() + offset;
  const auto decay = static_cast<float>(weight_decay);
  const auto epsilon = static_cast<float>(config_.epsilon);
  switch (config_.kind) {
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      ops_.adam({n, p, gradient, first, state_[1].data() + offset, rate_, static_cast<float>(config_.beta1),
                 static_cast<float>(config_.beta2), epsilon, decay, correction1_, correction2_,
                 gradient_scale_, config_.kind == OptimizerKind::adamw, touched});
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
