// The GRU steps of kernels/reference/gru.hpp, which has the derivation. The gate arithmetic runs on every
// tile of a product as soon as the product has finished it.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/simd/matmul.hpp"

namespace dcrnn::kernels::simd {

/// C [B, N] (+)= A [B, K] R [K, N] (+ bias), see `product`.
template <class A>
Matmul<float> rows_times(std::size_t B, std::size_t N, std::size_t K, const float* a, std::size_t lda,
                         const float* packed, const float* bias, bool accumulate, float* c, std::size_t ldc) {
  Matmul<float> p;
  p.M = B;
  p.N = N;
  p.K = K;
  p.a = a;
  p.a_row = lda;
  p.a_col = 1;
  p.packed = packed;
  p.panel_stride = K * kPanel<A>;
  p.bias = bias;
  p.activation = Activation::none;
  p.accumulate = accumulate;
  p.c = c;
  p.ldc = ldc;
  return p;
}

/// What to do when a part of a product is done: nothing.
template <class A>
struct NoFinish {
  void operator()(std::size_t, std::size_t, std::size_t, std::size_t) const {}
};

/// Calls f(b, j, lanes) for the vectors of rows [b0, b1) and columns [j0, j1).
template <class A, class F>
[[gnu::always_inline]] inline void for_tile(std::size_t b0, std::size_t b1, std::size_t j0, std::size_t j1,
                                            F&& f) {
  if (j1 - j0 == kPanel<A>) {  // nearly always: without an inner loop
    for (std::size_t b = b0; b < b1; ++b) {
      unroll<Shape<A>::vectors>([&]<std::size_t i>() { f(b, j0 + i * kLanes<A>, Whole<A>{}); });
    }
    return;
  }
  for (std::size_t b = b0; b < b1; ++b) {
    for_lanes<A>(j1 - j0, [&](std::size_t i, auto lanes) { f(b, j0 + i, lanes); });
  }
}

/// Steps 1 and 2, with step 3 of the cross candidate (reset = r * h) as soon as r is there.
template <class A, bool kCross>
void gates_forward(const GruForward<float>& p) {
  const std::size_t D = p.D;
  const auto finish = [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
    for_tile<A>(b0, b1, std::min(n0, D), std::min(n1, D), [&](std::size_t b, std::size_t j, auto lanes) {
      float* a = p.gates + b * 2 * D + j;
      const Vector<A> r = sigmoid<A>(lanes.load(a) + lanes.load(p.gx + b * p.ld_gx + j));
      lanes.store(a, r);
      if constexpr (kCross) lanes.store(p.reset + b * D + j, r * lanes.load(p.h + b * p.ldh + j));
    });
    for_tile<A>(b0, b1, std::max(n0, D), std::max(n1, D), [&](std::size_t b, std::size_t n, auto lanes) {
      float* a = p.gates + b * 2 * D + n;
      const Logistic<A> z(lanes.load(a) + lanes.load(p.gx + b * p.ld_gx + n));
      lanes.store(a, z.value);
      lanes.store(p.carry + b * D + n - D, z.complement);
    });
  };
  product<A>(rows_times<A>(p.B, 2 * D, D, p.h, p.ldh, p.u_rz, p.bias_hh, false, p.gates, 2 * D), finish);
}

/// What is left of step 1 when gates holds [da_r, da_z].
template <class A>
void gates_backward(const GruBackward<float>& p) {
  const std::size_t D = p.D;
  for_tile<A>(0, p.B, 0, 2 * D, [&](std::size_t b, std::size_t j, auto lanes) {
    float* dgx = p.dgx + b * p.ld_dgx + j;
    lanes.store(dgx, lanes.load(dgx) + lanes.load(p.gates + b * 2 * D + j));
  });
  product<A>(rows_times<A>(p.B, D, 2 * D, p.gates, 2 * D, p.u_rz_back, nullptr, true, p.dh, p.ld_dh),
             NoFinish<A>{});
}

template <class A>
void gru_cross_forward(const GruForward<float>& p) {
  const std::size_t D = p.D;

  gates_forward<A, true>(p);  // steps 1 to 3

  // 4. u = reset U_n^T + d_n
  // 5. h' = h + c * x0 * u
  const auto finish = [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
    for_tile<A>(b0, b1, n0, n1, [&](std::size_t b, std::size_t j, auto lanes) {
      const std::size_t i = b * D + j;
      const Vector<A> crossing = lanes.load(p.carry + i) * lanes.load(p.x0 + i);
      const Vector<A> h = lanes.load(p.h + b * p.ldh + j);
      lanes.store(p.h_next + b * p.ld_next + j, multiply_add(crossing, lanes.load(p.candidate + i), h));
    });
  };
  product<A>(rows_times<A>(p.B, D, D, p.reset, D, p.u_n, p.bias_hh + 2 * D, false, p.candidate, D), finish);
}

template <class A>
void gru_cross_backward(const GruBackward<float>& p) {
  const std::size_t D = p.D;
  const Vector<A> one(1.0f);

  // 5. h' = h + c * x0 * u
  // 2. c = sigma(-a_z)
  for_tile<A>(0, p.B, 0, D, [&](std::size_t b, std::size_t j, auto lanes) {
    const std::size_t i = b * D + j;
    float* a_z = p.gates + b * 2 * D + D + j;
    const Vector<A> dh_next = lanes.load(p.dh + b * p.ld_dh + j);
    const Vector<A> c = lanes.load(p.carry + i);
    const Vector<A> u = lanes.load(p.candidate + i);
    const Vector<A> x0 = lanes.load(p.x0 + i);
    const Vector<A> z = lanes.load(a_z);
    lanes.store(p.dx0 + i, multiply_add(dh_next * c, u, lanes.load(p.dx0 + i)));
    lanes.store(a_z, -dh_next * x0 * u * (z * c));   // da_z
    lanes.store(p.candidate + i, dh_next * c * x0);  // du
  });

  // 4. u = reset U_n^T + d_n
  // 3. reset = r * h
  // 2. r = sigma(a_r)
  const auto finish = [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
    for_tile<A>(b0, b1, n0, n1, [&](std::size_t b, std::size_t j, auto lanes) {
      float* a_r = p.gates + b * 2 * D + j;
      float* dh = p.dh + b * p.ld_dh + j;
      const Vector<A> r = lanes.load(a_r);
      const Vector<A> dreset = lanes.load(p.scratch + b * D + j);
      lanes.store(dh, multiply_add(dreset, r, lanes.load(dh)));
      lanes.store(a_r, dreset * lanes.load(p.h + b * p.ldh + j) * (r * (one - r)));  // da_r
    });
  };
  product<A>(rows_times<A>(p.B, D, D, p.candidate, D, p.u_n_back, nullptr, false, p.scratch, D), finish);

  gates_backward<A>(p);  // step 1
}

template <class A>
void gru_tanh_forward(const GruForward<float>& p) {
  const std::size_t D = p.D;

  gates_forward<A, false>(p);  // steps 1 and 2

  // 3. reset = h U_n^T + d_n
  // 4. n = tanh(gx_n + r * reset)
  // 5. h' = c * n + z * h
  const auto finish = [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
    for_tile<A>(b0, b1, n0, n1, [&](std::size_t b, std::size_t j, auto lanes) {
      const std::size_t i = b * D + j;
      const Vector<A> r = lanes.load(p.gates + b * 2 * D + j);
      const Vector<A> z = lanes.load(p.gates + b * 2 * D + D + j);
      const Vector<A> gx = lanes.load(p.gx + b * p.ld_gx + 2 * D + j);
      const Vector<A> n = tanh<A>(multiply_add(r, lanes.load(p.reset + i), gx));
      lanes.store(p.candidate + i, n);
      const Vector<A> kept = z * lanes.load(p.h + b * p.ldh + j);
      lanes.store(p.h_next + b * p.ld_next + j, multiply_add(lanes.load(p.carry + i), n, kept));
    });
  };
  product<A>(rows_times<A>(p.B, D, D, p.h, p.ldh, p.u_n, p.bias_hh + 2 * D, false, p.reset, D), finish);
}

template <class A>
void gru_tanh_backward(const GruBackward<float>& p) {
  const std::size_t D = p.D;
  const Vector<A> one(1.0f);

  for_tile<A>(0, p.B, 0, D, [&](std::size_t b, std::size_t j, auto lanes) {
    const std::size_t i = b * D + j;
    float* a_r = p.gates + b * 2 * D + j;
    float* a_z = a_r + D;
    float* dh = p.dh + b * p.ld_dh + j;
    float* dgx_n = p.dgx + b * p.ld_dgx + 2 * D + j;
    const Vector<A> r = lanes.load(a_r);
    const Vector<A> z = lanes.load(a_z);
    const Vector<A> c = lanes.load(p.carry + i);
    const Vector<A> n = lanes.load(p.candidate + i);
    const Vector<A> dh_next = lanes.load(dh);

    // 5. h' = c * n + z * h
    const Vector<A> dz = dh_next * (lanes.load(p.h + b * p.ldh + j) - n);
    lanes.store(dh, dh_next * z);

    // 4. n = tanh(gx_n + r * reset)
    const Vector<A> da_n = dh_next * c * (one - n * n);
    const Vector<A> dr = da_n * lanes.load(p.reset + i);
    lanes.store(dgx_n, lanes.load(dgx_n) + da_n);
    lanes.store(p.candidate + i, da_n);
    lanes.store(p.reset + i, da_n * r);

    // 2. r = sigma(a_r), z = sigma(a_z), c = 1 - z
    lanes.store(a_r, dr * (r * (one - r)));
    lanes.store(a_z, dz * (z * c));
  });

  // 3. reset = h U_n^T + d_n
  product<A>(rows_times<A>(p.B, D, D, p.reset, D, p.u_n_back, nullptr, true, p.dh, p.ld_dh), NoFinish<A>{});

  gates_backward<A>(p);  // step 1
}

}  // namespace dcrnn::kernels::simd
