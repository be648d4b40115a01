// The GRU steps of kernels/reference/gru.hpp, which has the derivation. The gate arithmetic runs on every
// tile of a product as soon as the product has finished it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>

#include "kernels/simd/matmul.hpp"

namespace dcrnn::kernels::simd {

/// Columns to compute.
template <class A, class Step>
std::size_t columns_of(const Step& p) {
  return padded_columns(p.D, p.ld, kPanel<A>);
}

/// The order of the gates in gx, gates, U and d.
enum Gate : std::size_t { kR, kZ, kN };

/// C [B, D] = A [B, D] R, with the gate's R out of `packed`.
template <class A, class Step>
Matmul<float> gate_product(const Step& p, Gate gate, const float* packed, const float* a, std::size_t lda,
                           float* c, std::size_t ldc) {
  Matmul<float> q;
  q.M = p.B;
  q.N = columns_of<A>(p);
  q.K = p.D;
  q.a = a;
  q.a_row = lda;
  q.a_col = 1;
  q.packed = packed + gate * packed_size(p.D, p.D, kPanel<A>);
  q.panel_stride = p.D * kPanel<A>;
  q.bias = nullptr;
  q.activation = Activation::none;
  q.accumulate = false;
  q.c = c;
  q.ldc = ldc;
  return q;
}

/// C = A U_gate^T + d_gate.
template <class A>
Matmul<float> forward_product(const GruForward<float>& p, Gate gate, const float* a, float* c,
                              std::size_t ldc) {
  Matmul<float> q = gate_product<A>(p, gate, p.u, a, p.ld, c, ldc);
  q.bias = p.bias_hh + gate * packed_size(1, p.D, kPanel<A>);
  return q;
}

/// C (+)= A U_gate.
template <class A>
Matmul<float> backward_product(const GruBackward<float>& p, Gate gate, const float* a, std::size_t lda,
                               bool accumulate, float* c) {
  Matmul<float> q = gate_product<A>(p, gate, p.u_back, a, lda, c, p.ld);
  q.accumulate = accumulate;
  return q;
}

/// What to do when a part of a product is done: nothing.
template <class A>
struct NoFinish {
  void operator()(std::size_t, std::size_t, std::size_t, std::size_t) const {}
};

/// Calls f(b, j, lanes) for the vectors of rows [b0, b1) and columns [j0, j1), which are few: down one vector
/// of columns after the other, so that f stands in one loop, where the compiler makes it part of it.
template <class A, class F>
[[gnu::always_inline]] inline void for_panel(std::size_t b0, std::size_t b1, std::size_t j0, std::size_t j1,
                                             F&& f) {
  for_lanes<A>(j1 - j0, [&](std::size_t i, auto lanes) {
    for (std::size_t b = b0; b < b1; ++b) f(b, j0 + i, lanes);
  });
}

/// Calls f(b, j, lanes) for the vectors of all rows and columns of a step.
template <class A, class Step, class F>
[[gnu::always_inline]] inline void for_rows(const Step& p, F&& f) {
  const std::size_t columns = columns_of<A>(p);
  for (std::size_t b = 0; b < p.B; ++b) {
    for_lanes<A>(columns, [&](std::size_t j, auto lanes) { f(b, j, lanes); });
  }
}

/// Steps 1 and 2, with step 3 of the cross candidate (reset = r * h) as soon as r is there; kGates gates take
/// part in gx.
template <class A, std::size_t kGates, bool kCross>
void gates_forward(const GruForward<float>& p) {
  const std::size_t ld = p.ld;
  const auto finish_r = [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
    for_panel<A>(b0, b1, n0, n1, [&](std::size_t b, std::size_t j, auto lanes) {
      float* a = p.gates + b * 2 * ld + j;
      const Vector<A> r = sigmoid<A>(lanes.load(a) + lanes.load(p.gx + b * kGates * ld + j));
      lanes.store(a, r);
      if constexpr (kCross) {
        const std::size_t i = b * ld + j;
        lanes.store(p.reset + i, r * lanes.load(p.h + i));
      }
    });
  };
  const auto finish_z = [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
    for_panel<A>(b0, b1, n0, n1, [&](std::size_t b, std::size_t j, auto lanes) {
      float* a = p.gates + (b * 2 + kZ) * ld + j;
      const Logistic<A> z(lanes.load(a) + lanes.load(p.gx + (b * kGates + kZ) * ld + j));
      lanes.store(a, z.value);
      lanes.store(p.carry + b * ld + j, z.complement);
    });
  };
  if (gates_adjoin(p.D, ld, kPanel<A>)) {
    Matmul<float> both = forward_product<A>(p, kR, p.h, p.gates, 2 * ld);
    both.N = 2 * ld;
    product<A>(both, [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
      if (n0 < ld) finish_r(b0, b1, n0, std::min(n1, ld));
      if (n1 > ld) finish_z(b0, b1, std::max(n0, ld) - ld, n1 - ld);
    });
  } else {
    product<A>(forward_product<A>(p, kR, p.h, p.gates, 2 * ld), finish_r);
    product<A>(forward_product<A>(p, kZ, p.h, p.gates + ld, 2 * ld), finish_z);
  }
}

/// What is left of step 1 when gates holds [da_r, da_z] and dgx has them.
template <class A>
void gates_backward(const GruBackward<float>& p) {
  for (Gate gate : {kR, kZ}) {
    product<A>(backward_product<A>(p, gate, p.gates + gate * p.ld, 2 * p.ld, true, p.dh), NoFinish<A>{});
  }
}

/// Stores da, the gradient before a gate's sigmoid or tanh, and adds it to that of gx.
template <class Lanes, class V>
[[gnu::always_inline]] inline void put_gate_gradient(const Lanes& lanes, const V& da, float* to, float* dgx) {
  lanes.store(to, da);
  lanes.store(dgx, lanes.load(dgx) + da);
}

template <class A>
void gru_cross_forward(const GruForward<float>& p) {
  const std::size_t ld = p.ld;

  gates_forward<A, 2, true>(p);  // steps 1 to 3

  // 4. u = reset U_n^T + d_n
  // 5. h' = h + c * x0 * u
  const auto finish = [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
    for_panel<A>(b0, b1, n0, n1, [&](std::size_t b, std::size_t j, auto lanes) {
      const std::size_t i = b * ld + j;
      const Vector<A> crossing = lanes.load(p.carry + i) * lanes.load(p.x0 + i);
      const Vector<A> h = lanes.load(p.h + i);
      lanes.store(p.h_next + i, multiply_add(crossing, lanes.load(p.candidate + i), h));
    });
  };
  product<A>(forward_product<A>(p, kN, p.reset, p.candidate, ld), finish);
}

template <class A>
void gru_cross_backward(const GruBackward<float>& p) {
  const std::size_t ld = p.ld;
  const Vector<A> one(1.0f);

  // 5. h' = h + c * x0 * u
  // 2. c = sigma(-a_z)
  for_rows<A>(p, [&](std::size_t b, std::size_t j, auto lanes) {
    const std::size_t i = b * ld + j;
    float* a_z = p.gates + (b * 2 + kZ) * ld + j;
    const Vector<A> dh_next = lanes.load(p.dh + i);
    const Vector<A> c = lanes.load(p.carry + i);
    const Vector<A> u = lanes.load(p.candidate + i);
    const Vector<A> x0 = lanes.load(p.x0 + i);
    const Vector<A> z = lanes.load(a_z);
    lanes.store(p.dx0 + i, multiply_add(dh_next * c, u, lanes.load(p.dx0 + i)));
    put_gate_gradient(lanes, -dh_next * x0 * u * (z * c), a_z, p.dgx + (b * 2 + kZ) * ld + j);
    lanes.store(p.candidate + i, dh_next * c * x0);  // du
  });

  // 4. u = reset U_n^T + d_n
  // 3. reset = r * h
  // 2. r = sigma(a_r)
  const auto finish = [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
    for_panel<A>(b0, b1, n0, n1, [&](std::size_t b, std::size_t j, auto lanes) {
      const std::size_t i = b * ld + j;
      float* a_r = p.gates + b * 2 * ld + j;
      float* dh = p.dh + i;
      const Vector<A> r = lanes.load(a_r);
      const Vector<A> dreset = lanes.load(p.scratch + i);
      lanes.store(dh, multiply_add(dreset, r, lanes.load(dh)));
      put_gate_gradient(lanes, dreset * lanes.load(p.h + i) * (r * (one - r)), a_r, p.dgx + b * 2 * ld + j);
    });
  };
  product<A>(backward_product<A>(p, kN, p.candidate, ld, false, p.scratch), finish);

  gates_backward<A>(p);  // step 1
}

template <class A>
void gru_tanh_forward(const GruForward<float>& p) {
  const std::size_t ld = p.ld;

  gates_forward<A, 3, false>(p);  // steps 1 and 2

  // 3. reset = h U_n^T + d_n
  // 4. n = tanh(gx_n + r * reset)
  // 5. h' = c * n + z * h
  const auto finish = [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
    for_panel<A>(b0, b1, n0, n1, [&](std::size_t b, std::size_t j, auto lanes) {
      const std::size_t i = b * ld + j;
      const Vector<A> r = lanes.load(p.gates + b * 2 * ld + j);
      const Vector<A> z = lanes.load(p.gates + (b * 2 + kZ) * ld + j);
      const Vector<A> gx = lanes.load(p.gx + (b * 3 + kN) * ld + j);
      const Vector<A> n = tanh<A>(multiply_add(r, lanes.load(p.reset + i), gx));
      lanes.store(p.candidate + i, n);
      const Vector<A> kept = z * lanes.load(p.h + i);
      lanes.store(p.h_next + i, multiply_add(lanes.load(p.carry + i), n, kept));
    });
  };
  product<A>(forward_product<A>(p, kN, p.h, p.reset, ld), finish);
}

template <class A>
void gru_tanh_backward(const GruBackward<float>& p) {
  const std::size_t ld = p.ld;
  const Vector<A> one(1.0f);

  for_rows<A>(p, [&](std::size_t b, std::size_t j, auto lanes) {
    const std::size_t i = b * ld + j;
    float* a_r = p.gates + b * 2 * ld + j;
    float* a_z = a_r + ld;
    float* dh = p.dh + i;
    float* dgx = p.dgx + b * 3 * ld + j;
    const Vector<A> r = lanes.load(a_r);
    const Vector<A> z = lanes.load(a_z);
    const Vector<A> c = lanes.load(p.carry + i);
    const Vector<A> n = lanes.load(p.candidate + i);
    const Vector<A> dh_next = lanes.load(dh);

    // 5. h' = c * n + z * h
    const Vector<A> dz = dh_next * (lanes.load(p.h + i) - n);
    lanes.store(dh, dh_next * z);

    // 4. n = tanh(gx_n + r * reset)
    const Vector<A> da_n = dh_next * c * (one - n * n);
    const Vector<A> dr = da_n * lanes.load(p.reset + i);
    put_gate_gradient(lanes, da_n, p.candidate + i, dgx + kN * ld);
    lanes.store(p.reset + i, da_n * r);

    // 2. r = sigma(a_r), z = sigma(a_z), c = 1 - z
    put_gate_gradient(lanes, dr * (r * (one - r)), a_r, dgx);
    put_gate_gradient(lanes, dz * (z * c), a_z, dgx + kZ * ld);
  });

  // 3. reset = h U_n^T + d_n
  product<A>(backward_product<A>(p, kN, p.reset, ld, true, p.dh), NoFinish<A>{});

  gates_backward<A>(p);  // step 1
}

}  // namespace dcrnn::kernels::simd
