// Optimizers on flat spans and on touched rows. They know offsets into an arena, no layers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/buffer.hpp"
#include "kernels/table.hpp"
#include "optim/config.hpp"

namespace dcrnn::optim {

/// Adam, AdamW, SGD with momentum or Adagrad over one arena of parameters. Tables are updated lazily, as
/// torch.optim.SparseAdam does: only the rows a batch touched, their state included, with the common step
/// count, so the cost of a step does not grow with the table.
class Optimizer {
 public:
  /// State for `parameters` elements, zero. Failure(memory).
  Optimizer(const OptimizerConfig& config, const kernels::Table<float>& ops, std::size_t parameters);

  /// Starts a step: the learning rate, and the factor all gradients are scaled by (clipping).
  void begin_step(double rate, double gradient_scale);
  /// parameters[offset .. offset + n) from gradient [n]. Touches that range of the state only, so threads may
  /// update different ranges at once.
  void update(float* parameters, std::size_t offset, const float* gradient, std::size_t n) {
    apply(parameters, offset, gradient, n, {}, config_.weight_decay);
  }
  /// The same without weight decay.
  void update_undecayed(float* parameters, std::size_t offset, const float* gradient, std::size_t n) {
    apply(parameters, offset, gradient, n, {}, 0);
  }
  /// Rows `touched` (each once) of the table [V, width] at `offset`, from gradient [touched, width].
  void update_rows(float* parameters, std::size_t offset, std::size_t width,
                   std::span<const std::uint32_t> touched, const float* gradient);

  std::uint64_t steps() const { return steps_; }
  void set_steps(std::uint64_t steps) { steps_ = steps; }
  /// The state arrays, each as long as the parameters: adam and adamw m and v, sgd m, adagrad s.
  std::vector<Buffer<float>>& state() { return state_; }
  const std::vector<Buffer<float>>& state() const { return state_; }

 private:
  void apply(float* parameters, std::size_t offset, const float* gradient, std::size_t n,
             kernels::TouchedRows touched, double weight_decay);

  OptimizerConfig config_;
  const kernels::Table<float>& ops_;
  std::vector<Buffer<float>> state_;
  std::uint64_t steps_ = 0;
  float rate_ = 0, gradient_scale_ = 1, correction1_ = 1, correction2_ = 1;
};

}  // namespace dcrnn::optim
