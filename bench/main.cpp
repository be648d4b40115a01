// The main of every benchmark program.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>

#include "bench/program.hpp"
#include "bench/subject.hpp"
#include "dcrnn/dcrnn.hpp"

int main(int argc, char** argv) {
  using namespace dcrnn::bench;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  try {
    add_benchmarks();
    benchmark::AddCustomContext("isa", std::string(name(isa())));
    benchmark::AddCustomContext("best isa", std::string(name(dcrnn::best_isa())));
    benchmark::AddCustomContext("compiler", DCRNN_BENCH_COMPILER);
    benchmark::AddCustomContext("flags", DCRNN_BENCH_FLAGS);
    benchmark::AddCustomContext("commit", dcrnn::commit());
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
