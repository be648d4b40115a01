// What the layers share while rows pass through them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "core/limits.hpp"
#include "kernels/table.hpp"
#include "model/arena.hpp"
#include "model/packed.hpp"
#include "model/plan.hpp"

namespace dcrnn::model {

/// Dropout of one training step. Rates of 0 leave everything as it is.
struct DropoutState {
  std::uint64_t seed = 0;
  std::uint64_t first_row = 0;  ///< ordinal of the batch's row 0 among all rows trained
  double input = 0, sharing = 0, tower = 0;
  double field = 0;
};

/// What a batch's labels and weights fix before any row is computed.
struct Targets {
  std::vector<const std::int8_t*> labels;  ///< [T] arrays [B]
  std::vector<const double*> soft;         ///< [T] arrays [B] of what is learnt from in their place, or null
  const double* weights = nullptr;         ///< [B] or null
  std::vector<double> share;         ///< [T] 1 / sum of the weights of the labelled rows, 0 if there are none
  std::vector<double> scale;         ///< [T] what a labelled row's loss counts in the total, times its weight
  std::vector<double> log_variance;  ///< [T] s; 0 where it is not learned
  double excess_share = 0;           ///< 1 / sum of the weights of all rows, 0 if that is 0
  std::vector<double> excess_scale;  ///< [T] what a row's excess over the parent counts, times its weight

  /// Makes these the targets of task t alone, out of those of all; keeps its memory.
  void take_task(const Targets& all, std::size_t t) {
    *this = all;
    for (std::vector<double>* scales : {&scale, &excess_scale}) {
      for (std::size_t u = 0; u < scales->size(); ++u) (*scales)[u] = u == t ? (*scales)[u] : 0;
    }
  }
};

/// What the rows of a batch have cost.
struct Losses {
  std::vector<double> tasks;       ///< [T] loss_t
  std::vector<double> calibrator;  ///< [T] c_t; empty where it does not count
  std::vector<double> parts;       ///< [T] L_t, the task's part of the total

  double total() const {
    double sum = 0;
    for (double part : parts) sum += part;
    return sum;
  }
};

/// Where one stream of values lies and where its gradient is gathered (training only): `width` columns of a
/// row that is `ld` long. Gradients are zeroed before the backward pass and every user of the stream adds to
/// them.
struct Stream {
  Slot value = 0;
  std::size_t layer = 0;
  Slot gradient = 0;
  std::size_t gradient_layer = 0;
  std::size_t column = 0, width = 0, ld = 0;

  Place place() const { return {value, layer, column, width}; }
  Place gradient_place() const { return {gradient, gradient_layer, column, width}; }
  /// `count` of its columns from `first` on.
  Stream columns(std::size_t first, std::size_t count) const {
    Stream part = *this;
    part.column += first;
    part.width = count;
    return part;
  }
};

/// A block of rows on its way through the layers: arena rows [row, row + count), which are the batch's from
/// batch_row on.
template <class Real>
struct Pass {
  const kernels::Table<Real>& ops;
  const Real* parameters;
  const Packed<Real>& packed;
  Arena<Real>& arena;
  const Batch& batch;
  std::size_t row, count, batch_row;
  const DropoutState* dropout = nullptr;  ///< null: off
  const Targets* targets = nullptr;       ///< null: no labels
  double* losses = nullptr;               ///< with targets: what the objective sums of this block's rows
  const Real* x0 = nullptr;               ///< [B, D] in place of what the fields give; null: not

  Real* at(Slot slot, std::size_t layer = 0) const { return arena.at(slot, row, layer); }
  Real* value(const Stream& stream) const { return at(stream.value, stream.layer) + stream.column; }
  Real* gradient(const Stream& stream) const {
    return at(stream.gradient, stream.gradient_layer) + stream.column;
  }
  /// Zeroes this block's rows of a slot.
  void clear(Slot slot, std::size_t layer = 0) const {
    std::fill_n(at(slot, layer), count * arena.ld(slot), Real{0});
  }
  /// to += from, rows of `width` values in slots of the same shape, with what lies between them.
  void add(const Real* from, Real* to, std::size_t width) const {
    for (std::size_t i = 0; i < count * row_distance(width); ++i) to[i] += from[i];
  }
  /// The block's numbers of a batch column, `width` to an example, into rows of `out`.
  void copy_numbers(std::size_t column, std::size_t width, Real* out, std::size_t ld) const {
    const double* x = batch.columns[column].values.data() + batch_row * width;
    for (std::size_t b = 0; b < count; ++b, x += width, out += ld) {
      for (std::size_t i = 0; i < width; ++i) out[i] = static_cast<Real>(x[i]);
    }
  }
  /// Applies the mask of `stream` in place; forward and backward alike.
  void drop(double rate, std::uint32_t stream, Slot slot) const {
    if (dropout == nullptr || rate <= 0) return;
    ops.dropout({count, arena.width(slot), at(slot), arena.ld(slot), dropout->seed, stream,
                 dropout->first_row + batch_row, static_cast<std::uint32_t>(rate * 4294967296.0),
                 static_cast<Real>(1 / (1 - rate))});
  }
};

/// Receives the named tensors of a trace: gives the place for a tensor of this name and shape.
template <class Real>
using TraceSink = std::function<Real*(const std::string& name, std::vector<std::size_t> shape)>;

/// Reads values and gradients out of the arena for a trace.
template <class Real>
struct Tracer {
  const Arena<Real>& arena;
  const TraceSink<Real>& sink;
  bool gradients = false;  ///< of values, in place of the values

  /// The place for a computed tensor [B, width]; for a gradient the name gets its prefix here.
  Real* tensor(const std::string& name, std::size_t width) const {
    return sink(gradients ? "grad." + name : name, {arena.rows(), width});
  }
  /// Copies a matrix that lies in the arena.
  void copy(const std::string& name, const Place& place, bool repeated = false) const {
    Real* to = tensor(name, place.width);
    for (std::size_t b = 0; b < arena.rows(); ++b, to += place.width) {
      std::copy_n(row(place, repeated ? 0 : b), place.width, to);
    }
  }
  const Real* row(const Place& place, std::size_t b) const {
    return arena.at(place.slot, b, place.layer) + place.column;
  }
};

}  // namespace dcrnn::model
