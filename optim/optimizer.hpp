// Update rules that work element by element, on flat spans and on touched embedding rows. They know offsets
// into an arena, no layers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/table.hpp"
#include "optim/config.hpp"
#include "optim/state.hpp"

namespace dcrnn::optim {

/// Adam, AdamW, SGD with momentum or Adagrad. Muon works as AdamW does: its matrices are updated elsewhere
/// (optim/muon.hpp). Tables are updated lazily, as torch.optim.SparseAdam does: only the rows a batch
/// touched, their state included, with the common step count, so the cost of a step does not grow with the
/// table.
class Optimizer {
 public:
  /// Remembers in `state`, which must outlive it.
  Optimizer(const OptimizerConfig& config, const kernels::Table<float>& ops, State& state)
      : config_(config), ops_(ops), state_(state) {}

  /// Starts step state.steps, which counts from 1: the learning rate, and the factor all gradients are scaled
  /// by (clipping).
  void begin_step(double rate, double gradient_scale);
  /// parameters[offset .. offset + n) from gradient [n]. Touches that range of the state only, so threads may
  /// update different ranges at once.
  void update(float* parameters, std::size_t offset, const float* gradient, std::size_t n,
              bool decays = true);
  /// Rows `touched` (each once) of the table [V, width] at `offset`, from gradient [touched, width].
  void update_rows(float* parameters, std::size_t offset, std::size_t width,
                   std::span<const std::uint32_t> touched, const float* gradient);

 private:
  void apply(float* parameters, std::size_t offset, const float* gradient, std::size_t n, double decay,
             kernels::TouchedRows touched);

  OptimizerConfig config_;
  const kernels::Table<float>& ops_;
  State& state_;
  float rate_ = 0, gradient_scale_ = 1, correction1_ = 1, correction2_ = 1;
};

}  // namespace dcrnn::optim
