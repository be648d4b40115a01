// The walk over the layers, during which every layer says once what it has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "model/packed.hpp"
#include "model/parameters.hpp"
#include "model/pass.hpp"
#include "model/plan.hpp"

namespace dcrnn::model {

/// Which parameters' gradients are wanted of every task's part of the loss, each on its own.
enum class TaskGradientsOf { nothing, shared, everything };

/// What makes the units of sharing blocks and towers out of sums: "activation".
enum class UnitActivation { relu, silu };

/// Collects what the constructors of the layers declare. Nothing is allocated by it: a walk for its own sake
/// measures a model.
class Build {
 public:
  /// What the network will be used for.
  struct Purpose {
    bool training = false;        ///< keep what the backward pass needs, and plan it
    bool keep_values = false;     ///< training: the backward pass leaves the forward's values as they are
    bool keep_gradients = false;  ///< training: and the gradient of every value, for a trace
    TaskGradientsOf tasks = TaskGradientsOf::nothing;  ///< training, keeping values: those of each task too
  };

  Build(std::vector<Task> all_tasks, std::vector<std::size_t> rows_of_tables, Purpose wanted)
      : tasks(std::move(all_tasks)), table_rows(std::move(rows_of_tables)), purpose(wanted) {}

  bool training() const { return purpose.training; }

  /// A parameter; its offset.
  std::size_t parameter(const std::string& name, std::vector<std::size_t> shape, Init init, Owner owner) {
    return parameters.add(name, std::move(shape), init, owner);
  }

  /// A value [B, width] of every example with the place where its gradient is gathered.
  Stream value(std::size_t width) {
    Stream stream;
    stream.value = arena.add(width);
    stream.width = width;
    stream.ld = row_distance(width);
    if (training()) stream.gradient = gathered(width);
    return stream;
  }
  /// A few values of every example, rows without a gap, whose gradient one layer writes.
  Stream dense(std::size_t width) {
    Stream stream;
    stream.value = arena.add_dense(width);
    stream.width = stream.ld = width;
    if (training()) stream.gradient = arena.add_dense(width);
    return stream;
  }
  /// A slot for gradients to which others add: it is zeroed before the backward pass.
  Slot gathered(std::size_t width) {
    const Slot slot = arena.add(width);
    clear(slot);
    return slot;
  }
  /// Zeroes a slot before the backward pass.
  void clear(Slot slot, std::size_t layer = 0) { cleared.push_back({slot, layer, 0, 0}); }
  /// Where the backward pass writes what it makes of the value in `slot`: over it, unless values are kept.
  /// `width`, `layers` and `parts` are those of the slot.
  Slot over_value(Slot slot, std::size_t width, std::size_t layers = 1, std::size_t parts = 1) {
    return purpose.keep_values ? arena.add(width, layers, parts) : slot;
  }
  /// The stream whose gradient is that before the activation which made `y`: it takes the place of y's
  /// gradient, unless gradients are kept.
  Stream before_activation(const Stream& y) {
    if (!purpose.keep_gradients) return y;
    Stream before = y;
    before.gradient = arena.add(y.width);
    before.gradient_layer = before.column = 0;
    before.ld = row_distance(y.width);
    return before;
  }

  /// Tells the trace of a value and its gradient.
  void trace(const std::string& name, const Stream& stream) {
    rows.push_back({name, stream.place(), false, training(), stream.gradient_place()});
  }
  /// Tells the trace of a value whose gradient lies nowhere; `repeated`: one row for all examples.
  void trace_value(const std::string& name, const Place& place, bool repeated = false) {
    rows.push_back({name, place, repeated, false, {}});
  }
  /// Tells the gradient check of values whose sign must not change within a difference: outputs of a relu.
  void kink(const Place& place) { kinks.push_back({place, false, {}}); }
  /// The same for a max(value - other, 0).
  void kink(const Place& place, const Place& other) { kinks.push_back({place, true, other}); }

  /// dW = dY^T X and db, Y = X W^T + b; `dy` holds dY, W [dy.width, x.width] and b lie at `weight`, `bias`.
  void weight_gradient(const Place& dy, const Stream& x, std::size_t weight,
                       std::size_t bias = GradientPlan::kNoBias) {
    gradients.products.push_back(
        {{dy.slot, dy.layer, dy.column, dy.width, 1}, x.value, x.layer, weight, bias});
  }

  std::vector<Task> tasks;              ///< T
  std::vector<std::size_t> table_rows;  ///< per field: rows of its table
  Purpose purpose;
  UnitActivation activation = UnitActivation::relu;

  ParameterTable parameters;
  ArenaPlan arena;
  PackPlan packs;
  GradientPlan gradients;
  std::vector<Place> cleared;  ///< whole rows
  std::vector<TraceRow> rows;
  std::vector<Kink> kinks;
  double flops = 0;  ///< of all products and weighted sums of one row, forward
  std::uint32_t dropout_streams = 0;
};

}  // namespace dcrnn::model
