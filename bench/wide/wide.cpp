#include "bench/wide/internal.hpp"

extern "C" __attribute__((visibility("default"))) const dcrnn::bench::Wide* dcrnn_bench_wide() {
  using namespace dcrnn::bench;
  static const Wide wide = {multiply_add, read, update, eigen_product, eigen_map, xsimd_map, eigen_chose()};
  return &wide;
}
