// How a benchmark is made: set up, run once, verified, and only then timed.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "core/buffer.hpp"
#include "core/cpu.hpp"
#include "kernels/table.hpp"

namespace dcrnn::bench {

/// One thing to time.
struct Subject {
  std::function<void()> run;
  /// What is wrong with the result of one run; empty if it is right.
  std::function<std::string()> check;
  /// More to report, asked for after every repetition; may be empty.
  std::function<std::map<std::string, double>()> counters = {};
};

/// What one run does; 0 where it does not apply.
struct Work {
  double flops = 0;
  double bytes = 0;
  double rows = 0;
  int threads = 1;
};

/// Adds a benchmark. `make` is called when its turn comes; one subject lives at a time. Counters: GFLOP/s and
/// its share of the multiply-add peak measured beside every repetition, GB/s, rows/s, verified.
void add(const std::string& name, const Work& work, std::function<Subject()> make);

/// $DCRNN_ISA, else the best there is.
Isa isa();
const kernels::Table<float>& ops();

/// Flops per second of multiply-adds on registers with the instruction set isa(), now: the best of a few
/// half milliseconds.
double peak();

/// Uniform numbers in [-scale, scale), a function of `seed`.
Buffer<float> numbers(std::size_t size, std::uint64_t seed, float scale = 1);

/// Empty if |got - want| <= tolerance * max |want| everywhere, else the worst place. A NaN is wrong.
std::string difference(const std::string& what, std::span<const float> got, std::span<const float> want,
                       double tolerance);

/// Relative error allowed where sums of `reduction` terms are rounded in different orders.
double tolerance(std::size_t reduction);

}  // namespace dcrnn::bench
