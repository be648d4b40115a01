#include "bench/subject.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <stdexcept>

#include "bench/wide/wide.hpp"
#include "core/random.hpp"

namespace dcrnn::bench {

namespace {

using Clock = std::chrono::steady_clock;

/// The subject at hand and what was found out about all so far.
struct Stage {
  std::string name;
  Subject subject;
  std::map<std::string, std::string> verdicts;
};

Stage& stage() {
  static Stage stage;
  return stage;
}

/// Sets the stage; gives what is wrong with the subject's result.
const std::string& prepare(const std::string& name, const std::function<Subject()>& make) {
  Stage& s = stage();
  if (s.name != name) {
    s.subject = {};
    s.subject = make();
    s.name = name;
  }
  s.subject.run();
  const auto [verdict, first] = s.verdicts.try_emplace(name);
  if (first) verdict->second = s.subject.check();
  return verdict->second;
}

void run(benchmark::State& state, const std::string& name, const Work& work,
         const std::function<Subject()>& make) {
  try {
    const std::string& problem = prepare(name, make);
    if (!problem.empty()) return state.SkipWithError(("NOT EQUAL: " + problem).c_str());
  } catch (const std::exception& error) {
    return state.SkipWithError(error.what());
  }
  const double peak_now = work.flops > 0 ? peak() * work.threads : 0;
  const auto start = Clock::now();
  for (auto _ : state) stage().subject.run();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();

  const auto count = [&](const char* counter, double per_run) {
    if (per_run > 0) {
      state.counters[counter] = benchmark::Counter(per_run, benchmark::Counter::kIsIterationInvariantRate);
    }
  };
  count("FLOP/s", work.flops);
  count("B/s", work.bytes);
  count("rows/s", work.rows);
  if (work.flops > 0) {
    state.counters["peak"] = peak_now;
    state.counters["of_peak"] = work.flops * static_cast<double>(state.iterations()) / seconds / peak_now;
  }
  if (stage().subject.counters) {
    for (const auto& [counter, value] : stage().subject.counters()) state.counters[counter] = value;
  }
  state.counters["verified"] = 1;
}

}  // namespace

void add(const std::string& name, const Work& work, std::function<Subject()> make) {
  benchmark::RegisterBenchmark(name.c_str(), run, name, work, std::move(make))
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

Isa isa() {
  static const Isa chosen = [] {
    const char* variable = std::getenv("DCRNN_ISA");
    const std::string text = variable == nullptr ? "auto" : variable;
    const std::optional<Isa> found = isa_from_name(text);
    if (!found || !has(*found)) throw std::runtime_error("DCRNN_ISA: this machine lacks " + text);
    return *found;
  }();
  return chosen;
}

const kernels::Table<float>& ops() {
  return kernels::table<float>(isa());
}

double peak() {
  // The reference is plain C++, compiled for what every processor has.
  static const Wide& module = wide(isa() == Isa::reference ? available_isas()[1] : isa());
  const auto seconds = [](std::size_t rounds) {
    const auto start = Clock::now();
    module.multiply_add(rounds);
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  static const std::size_t rounds = [&] {
    std::size_t n = 1024;
    while (seconds(n) < 0.5e-3) n *= 2;
    return n;
  }();
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 5; ++i) best = std::min(best, seconds(rounds));
  static const double flops = module.multiply_add(0);
  return flops * static_cast<double>(rounds) / best;
}

Buffer<float> numbers(std::size_t size, std::uint64_t seed, float scale) {
  Buffer<float> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double unit = to_unit(philox(seed, RandomUse::check, 0, i / 4)[i % 4]);
    values[i] = scale * static_cast<float>(2 * unit - 1);
  }
  return values;
}

std::string difference(const std::string& what, std::span<const float> got, std::span<const float> want,
                       double tolerance) {
  double scale = 0, worst = 0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double error = std::fabs(static_cast<double>(got[i]) - static_cast<double>(want[i]));
    scale = std::max(scale, std::fabs(static_cast<double>(want[i])));
    if (!(error <= worst)) {
      worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
      where = i;
    }
  }
  if (worst <= tolerance * scale) return "";
  return what + "[" + std::to_string(where) + "]: " + std::to_string(got[where]) + ", want " +
         std::to_string(want[where]) + ", relative error " + std::to_string(worst / scale) + ", allowed " +
         std::to_string(tolerance);
}

double tolerance(std::size_t reduction) {
  return 16 * std::sqrt(static_cast<double>(reduction)) *
         static_cast<double>(std::numeric_limits<float>::epsilon());
}

}  // namespace dcrnn::bench
