// libxsmm: its small generated kernels, tile by tile. Weights are packed beforehand into panels of columns,
// like ours; activations are read where they are.
#include <libxsmm.h>

#include <memory>

#include "bench/peers/peer.hpp"
#include "core/buffer.hpp"

namespace dcrnn::bench {

namespace {

constexpr std::size_t kRows = 64, kColumns = 64;

int narrow(std::size_t n) {
  return static_cast<int>(n);
}

/// C [M, N] = A R. A(m, k) = a[m * lda + k], or a[k * lda + m] if transposed. R is in panels of kColumns
/// columns, `panel` elements apart; a row of a panel has ldr elements, or as many as the panel has columns if
/// ldr is 0.
struct Matrices {
  std::size_t M, N, K;
  const float* a;
  std::size_t lda;
  bool transposed;
  const float* r;
  std::size_t ldr, panel;
  float* c;
};

struct Call {
  libxsmm_smmfunction kernel;
  const float *r, *a;
  float* c;
};

/// The calls that make up the product, k in blocks of `depth`; none if a kernel cannot be generated. To
/// libxsmm, which counts columns first, a tile is C^T (+)= R^T A^T.
std::vector<Call> calls(const Matrices& p, std::size_t depth) {
  std::vector<Call> list;
  for (std::size_t n = 0; n < p.N; n += kColumns) {
    const std::size_t columns = std::min(kColumns, p.N - n), ldr = p.ldr == 0 ? columns : p.ldr;
    for (std::size_t m = 0; m < p.M; m += kRows) {
      const std::size_t rows = std::min(kRows, p.M - m);
      for (std::size_t k = 0; k < p.K; k += depth) {
        const int first = narrow(ldr), second = narrow(p.lda), third = narrow(p.N);
        const int flags = p.transposed ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
        const float alpha = 1, beta = k > 0 ? 1 : 0;
        const libxsmm_smmfunction kernel =
            libxsmm_smmdispatch(narrow(columns), narrow(rows), narrow(std::min(depth, p.K - k)), &first,
                                &second, &third, &alpha, &beta, &flags, nullptr);
        if (kernel == nullptr) return {};
        list.push_back({kernel, p.r + n / kColumns * p.panel + k * ldr,
                        p.transposed ? p.a + k * p.lda + m : p.a + m * p.lda + k, p.c + m * p.N + n});
      }
    }
  }
  return list;
}

Job tiled(const Matrices& matrices, std::shared_ptr<Buffer<float>> packed) {
  std::vector<Job> jobs;
  for (std::size_t depth : {64UL, 256UL}) {
    std::vector<Call> list = calls(matrices, depth);
    if (list.empty()) continue;
    jobs.push_back({[list = std::move(list), packed] {
                      for (const Call& call : list) call.kernel(call.r, call.a, call.c);
                    },
                    {}});
  }
  return jobs.empty() ? Job{} : fastest(jobs);
}

/// R [K, N] with R(k, n) = r[k * k_stride + n * n_stride] in panels.
std::shared_ptr<Buffer<float>> pack(std::size_t K, std::size_t N, const float* r, std::size_t k_stride,
                                    std::size_t n_stride) {
  auto packed = std::make_shared<Buffer<float>>(K * N);
  float* to = packed->data();
  for (std::size_t first = 0; first < N; first += kColumns) {
    for (std::size_t k = 0; k < K; ++k) {
      for (std::size_t n = first; n < std::min(first + kColumns, N); ++n)
        *to++ = r[k * k_stride + n * n_stride];
    }
  }
  return packed;
}

Job product(const ProductTask& task) {
  const auto [kind, B, in, out, x, dy, w, result] = task;
  switch (kind) {
    case Product::forward: {
      const auto packed = pack(in, out, w, 1, in);
      return tiled({B, out, in, x, in, false, packed->data(), 0, in * kColumns, result}, packed);
    }
    case Product::dx: {
      const auto packed = pack(out, in, w, in, 1);
      return tiled({B, in, out, dy, out, false, packed->data(), 0, out * kColumns, result}, packed);
    }
    default:
      return tiled({out, in, B, dy, out, true, x, in, kColumns, result}, nullptr);
  }
}

}  // namespace

Peer libxsmm() {
  libxsmm_init();
  return {"libxsmm", std::string(LIBXSMM_VERSION) + ", " + libxsmm_get_target_arch(), product, {}};
}

}  // namespace dcrnn::bench
