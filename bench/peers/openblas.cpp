// OpenBLAS. It cannot pack weights beforehand.
#include <cblas.h>

#include "bench/peers/peer.hpp"

namespace dcrnn::bench {

namespace {

/// C [M, N] = op(A) op(B), all row-major and dense.
Job sgemm(CBLAS_TRANSPOSE op_a, CBLAS_TRANSPOSE op_b, std::size_t M, std::size_t N, std::size_t K,
          const float* a, const float* b, float* c) {
  const auto m = static_cast<int>(M), n = static_cast<int>(N), k = static_cast<int>(K);
  const int lda = op_a == CblasTrans ? m : k, ldb = op_b == CblasTrans ? k : n;
  return {[=] { cblas_sgemm(CblasRowMajor, op_a, op_b, m, n, k, 1, a, lda, b, ldb, 0, c, n); }, {}};
}

Job product(const ProductTask& task) {
  const auto [kind, B, in, out, x, dy, w, result] = task;
  switch (kind) {
    case Product::forward:
      return sgemm(CblasNoTrans, CblasTrans, B, out, in, x, w, result);
    case Product::dx:
      return sgemm(CblasNoTrans, CblasNoTrans, B, in, out, dy, w, result);
    default:
      return sgemm(CblasTrans, CblasNoTrans, out, in, B, dy, x, result);
  }
}

}  // namespace

Peer openblas() {
  openblas_set_num_threads(1);
  return {"OpenBLAS", std::string(openblas_get_config()) + ", core " + openblas_get_corename(), product, {}};
}

}  // namespace dcrnn::bench
