// What a benchmark program says to the common main.
#pragma once

namespace dcrnn::bench {

/// Adds the program's benchmarks; gets the arguments Google Benchmark left. False if they are wrong (said to
/// stderr).
bool add_benchmarks(int argc, char** argv);

}  // namespace dcrnn::bench
