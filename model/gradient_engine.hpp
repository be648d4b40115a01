// Loss and all gradients of one batch: the heart of training, of the trace and of the gradient check.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "model/network.hpp"
#include "model/sparse_rows.hpp"
#include "model/task_gradients.hpp"
#include "model/weight_gradients.hpp"

namespace dcrnn::model {

template <class Real>
class GradientEngine {
 public:
  /// For batches of up to `capacity` rows. Activations are kept of `window` rows at a time, which is rounded
  /// up to whole groups (kGroupRows); the default keeps all. It changes memory and speed, no byte of the
  /// result; so does keeping more of the values than training needs. Failure(memory).
  GradientEngine(const ModelConfig& config, const ParameterTable& table, const kernels::Table<Real>& ops,
                 std::size_t capacity, std::size_t window = std::numeric_limits<std::size_t>::max(),
                 Build::Purpose purpose = {.training = true});

  /// Takes over changed parameters (`table.total()` elements, which must outlive their use): packs the
  /// weights.
  void set_parameters(const Real* parameters, int threads);
  /// From here on x0 is this [B, D], before dropout, in place of what the fields give: for those who move it.
  void set_input(const Real* x0) { x0_ = x0; }

  /// Forward only. With labels in the batch also the losses. Calls `look` for every window while its values
  /// are in the arena.
  void forward(
      const Batch& batch, const DropoutState* dropout, int threads,
      const std::function<void()>& look = [] {});
  /// Forward, loss and every gradient. The batch must have labels. No heap allocation once batches have
  /// reached their full size.
  void forward_backward(const Batch& batch, const DropoutState* dropout, int threads);
  /// The same for every task's part of the loss on its own (purpose.tasks says of which parameters), by one
  /// forward pass, and compares them.
  void forward_backward_tasks(const Batch& batch, const DropoutState* dropout, int threads);
  /// forward_backward() that also compares the tasks' gradients on the parameters of every task. The last
  /// task's is what the others leave of the total, unless that is too small to be told from rounding.
  void forward_backward_and_compare(const Batch& batch, const DropoutState* dropout, int threads);
  /// Then, if purpose.tasks has every parameter: makes the tasks' gradients the gradients, combined by
  /// pcgrad. `step`: optimizer steps taken before.
  void combine_tasks(std::uint64_t step, int threads);
  /// As of the last time the tasks were compared.
  const Interference& interference() const { return tasks_.interference(); }

  const Network& network() const { return network_; }
  /// The values of the last window.
  const Arena<Real>& arena() const { return arena_; }
  /// Of the last call with labels.
  const Losses& losses() const { return losses_; }
  /// Gradients of the dense parameters: those from table.dense_begin() on.
  Real* dense_gradients() { return dense_.data(); }
  const Real* dense_gradients() const { return dense_.data(); }
  std::size_t dense_size() const { return dense_.size(); }
  /// Gradients of the tables, one per lookup of the parameter table.
  std::vector<SparseRows<Real>>& sparse_gradients() { return sparse_; }
  const std::vector<SparseRows<Real>>& sparse_gradients() const { return sparse_; }
  /// dx0 [rows, D] of the last window; empty if there is no x0.
  std::vector<Real> input_gradient() const;
  /// Copies the gradient of a parameter, dense, to `to`.
  void copy_gradient(std::size_t parameter, Real* to) const;

 private:
  /// Calls f(first, count) for the batch's windows, once its targets are known; then sums the losses.
  template <class F>
  void for_windows(const Batch& batch, F&& f);
  /// What a pass over a window is to do.
  struct Way {
    bool forward = false, backward = false;
    std::size_t task = kEveryTask;  ///< backward: whose part of the loss
  };
  void run_blocks(const Batch& batch, std::size_t first, const DropoutState* dropout, int threads,
                  const Targets& targets, const Way& way);
  /// Forward, then backward from the total, from the parts of the first so many tasks, or both.
  void passes(const Batch& batch, const DropoutState* dropout, int threads, bool total, std::size_t tasks);
  /// Exchanges the gradients of the tables with those of a task.
  void swap_rows(typename TaskGradients<Real>::Set& set);
  std::vector<SparseRows<Real>> sparse_rows(std::size_t capacity) const;

  Network network_;
  const kernels::Table<Real>& ops_;
  std::size_t window_;
  const Real* parameters_ = nullptr;
  const Real* x0_ = nullptr;
  Packed<Real> packed_;
  Arena<Real> arena_;
  WeightGradients<Real> weight_gradients_;
  Buffer<Real> dense_;
  std::vector<SparseRows<Real>> sparse_;
  TaskGradients<Real> tasks_;
  Targets targets_;
  bool labelled_ = false;
  Losses losses_;
  std::vector<double> sums_, block_losses_;
};

extern template class GradientEngine<float>;
extern template class GradientEngine<double>;

}  // namespace dcrnn::model
