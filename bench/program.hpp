// What the common main asks of a benchmark program.
#pragma once

namespace dcrnn::bench {

/// Adds the program's benchmarks.
void add_benchmarks();

}  // namespace dcrnn::bench
