// The reference kernels in double with a look at memory around each: a test finds out which of them makes a
// value, and moves the value before the next one reads it.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <type_traits>
#include <vector>

#include "kernels/table.hpp"

namespace dcrnn::test {

/// What the watched kernels do beside their work; one forward pass at a time, on one thread.
struct Watch {
  /// Called before and after every op with the count of these calls so far.
  std::function<void(std::size_t moment)> look = [](std::size_t) {};
  std::size_t moment = 0;

  /// A value that an op makes and uses itself: r, z or n of a GRU's step, or the weights 'a' of an attention.
  struct Inside {
    char which = 0;  ///< 0: none
    std::size_t step = 0, row = 0, column = 0;
    double delta = 0;
  } inside;
  std::size_t steps = 0, attentions = 0;  ///< so far

  double flops = 0;  ///< of the products and weighted sums so far
};
inline Watch watch;

/// By the place of a packed operand: its columns, those without which it was `spread`.
inline std::map<const double*, std::size_t> packed_columns;

/// What a step's outputs become when r, z or n of one example is `delta` larger: its forward pass from there.
inline void move_inside(const kernels::GruForward<double>& p, bool cross, const Watch::Inside& inside) {
  const std::size_t at = inside.row * p.ld, j = at + inside.column;
  const double gate_z = p.gates[2 * at + p.ld + inside.column], r = p.gates[2 * at + inside.column];
  const double n = cross ? p.h[j] + p.x0[j] * p.candidate[j] : p.candidate[j];
  if (inside.which == 'n') p.h_next[j] += p.carry[j] * inside.delta;
  if (inside.which == 'z') p.h_next[j] += inside.delta * (p.h[j] - n);
  if (inside.which != 'r') return;
  if (!cross) {
    const double gx_n = p.gx[3 * at + 2 * p.ld + inside.column];
    p.h_next[j] = p.carry[j] * std::tanh(gx_n + (r + inside.delta) * p.reset[j]) + gate_z * p.h[j];
    return;
  }
  // u moves by delta h_j times what unit j adds to it: column j of U_n.
  std::vector<double> unit(p.D, 0.0), moved(p.D);
  unit[inside.column] = inside.delta * p.h[j];
  kernels::table<double>(Isa::reference).matmul({1, unit.data(), p.D, 1, p.u.part(2), {}, moved.data(), p.D});
  for (std::size_t i = 0; i < p.D; ++i) {
    p.h_next[at + i] = p.h[at + i] + p.carry[at + i] * p.x0[at + i] * (p.candidate[at + i] + moved[i]);
  }
}

/// The same for a_q or a_p, column 0 or 1.
inline void move_inside(const kernels::AttentionForward<double>& p, const Watch::Inside& inside) {
  const double* v = (inside.column == 0 ? p.q : p.p) + (inside.row * 3 + 2) * p.ld;
  for (std::size_t i = 0; i < p.H; ++i) p.y[inside.row * p.ld + i] += inside.delta * v[i];
}

/// Two per multiply-add of a product or weighted sum; 0 for all other ops.
inline double flops_of(const auto& /*arguments*/) {
  return 0;
}
inline double flops_of(const kernels::Matmul<double>& p) {
  const std::size_t columns = packed_columns.at(p.r.data),
                    parts = std::max(p.r.N / p.r.format.padded(columns), std::size_t{1});
  return 2.0 * static_cast<double>(p.M * p.r.K * columns * parts);
}
inline double flops_of(const kernels::GruForward<double>& p) {
  return 2.0 * static_cast<double>(p.B * 3 * p.D * p.D);
}
inline double flops_of(const kernels::MixForward<double>& p) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < p.sources; ++i) n += p.units[i].count;
  return 2.0 * static_cast<double>(p.B * p.m * n);
}
inline double flops_of(const kernels::AttentionForward<double>& p) {
  return 8.0 * static_cast<double>(p.B * p.H);
}

template <class Arguments>
void run_watched(void (*op)(const Arguments&), const Arguments& arguments) {
  watch.look(watch.moment++);
  op(arguments);
  if constexpr (std::is_same_v<Arguments, kernels::Pack<double>>) {
    packed_columns[arguments.to.data] = arguments.to.N;
  }
  watch.flops += flops_of(arguments);
  if constexpr (std::is_same_v<Arguments, kernels::GruForward<double>>) {
    const bool cross = op == kernels::table<double>(Isa::reference).gru_cross_forward;
    const char which = watch.inside.which;
    if (which != 0 && which != 'a' && watch.steps == watch.inside.step) {
      move_inside(arguments, cross, watch.inside);
    }
    ++watch.steps;
  }
  if constexpr (std::is_same_v<Arguments, kernels::AttentionForward<double>>) {
    if (watch.inside.which == 'a' && watch.attentions == watch.inside.step) {
      move_inside(arguments, watch.inside);
    }
    ++watch.attentions;
  }
  watch.look(watch.moment++);
}

inline const kernels::Table<double>& watched_table() {
  static const kernels::Table<double> table = [] {
    kernels::Table<double> watched = kernels::table<double>(Isa::reference);
#define DCRNN_OP(name, Arguments)                                        \
  watched.name = [](const kernels::Arguments<double>& arguments) {       \
    run_watched(kernels::table<double>(Isa::reference).name, arguments); \
  };
#include "kernels/ops.inc"
#undef DCRNN_OP
    return watched;
  }();
  return table;
}

}  // namespace dcrnn::test
