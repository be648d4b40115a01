// The GRU steps of kernels/reference/gru.hpp, which has the derivation. The gate arithmetic runs on every
// tile of a product as soon as the product has finished it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>

#include "kernels/simd/matmul.hpp"

namespace dcrnn::kernels::simd {

/// The order of the gates in gx, gates, U and d.
enum Gate : std::size_t { kR, kZ, kN };

/// C [B, D] = A [B, D] R, with the epilogue.
template <class A, class Step>
Matmul<float> step_product(const Step& p, const float* a, std::size_t lda, const Operand<const float>& r,
                           const Epilogue<float>& epilogue, float* c, std::size_t ldc) {
  return {p.B, a, lda, 1, r, epilogue, c, ldc};
}

/// C = A U^T + d, of one gate or of gates that are one part.
template <class A>
Matmul<float> forward_product(const GruForward<float>& p, Gate gate, const float* a,
                              const Operand<const float>& r, float* c, std::size_t ldc) {
  return step_product<A>(p, a, p.ld, r, {.bias = p.bias_hh + gate * p.ld}, c, ldc);
}

/// C (+)= A U_gate.
template <class A>
Matmul<float> backward_product(const GruBackward<float>& p, Gate gate, const float* a, std::size_t lda,
                               bool accumulate, float* c) {
  return step_product<A>(p, a, lda, p.u_back.part(gate).spread(p.ld), {.accumulate = accumulate}, c, p.ld);
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
template <class A, class F>
[[gnu::always_inline]] inline void for_rows(const GruBackward<float>& p, F&& f) {
  const std::size_t columns = p.u_back.part(kR).spread(p.ld).N;
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
  const Operand<const float> u = p.u.part(kR, 2).spread(ld);
  if (u.parts == 1) {
    product<A>(forward_product<A>(p, kR, p.h, u, p.gates, 2 * ld),
               [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
                 if (n0 < ld) finish_r(b0, b1, n0, std::min(n1, ld));
                 if (n1 > ld) finish_z(b0, b1, std::max(n0, ld) - ld, n1 - ld);
               });
  } else {
    product<A>(forward_product<A>(p, kR, p.h, u.part(kR), p.gates, 2 * ld), finish_r);
    product<A>(forward_product<A>(p, kZ, p.h, u.part(kZ), p.gates + ld, 2 * ld), finish_z);
  }
}

/// What is left of step 1 when da is there and dgx has it.
template <class A>
void gates_backward(const GruBackward<float>& p) {
  for (Gate gate : {kR, kZ}) {
    product<A>(backward_product<A>(p, gate, p.da + gate * p.ld, 2 * p.ld, true, p.dh), NoFinish<A>{});
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
  product<A>(forward_product<A>(p, kN, p.reset, p.u.part(kN).spread(ld), p.candidate, ld), finish);
}

template <class A>
void gru_cross_backward(const GruBackward<float>& p) {
  const std::size_t ld = p.ld;
  const Vector<A> one(1.0f);

  // 5. h' = h + c * x0 * u
  // 2. c = sigma(-a_z)
  for_rows<A>(p, [&](std::size_t b, std::size_t j, auto lanes) {
    const std::size_t i = b * ld + j;
    const std::size_t i_z = (b * 2 + kZ) * ld + j;
    const Vector<A> dh_next = lanes.load(p.dh_next + i);
    const Vector<A> c = lanes.load(p.carry + i);
    const Vector<A> u = lanes.load(p.candidate + i);
    const Vector<A> x0 = lanes.load(p.x0 + i);
    const Vector<A> z = lanes.load(p.gates + i_z);
    lanes.store(p.dx0 + i, multiply_add(dh_next * c, u, lanes.load(p.dx0 + i)));
    put_gate_gradient(lanes, -dh_next * x0 * u * (z * c), p.da + i_z, p.dgx + i_z);
    lanes.store(p.dcandidate + i, dh_next * c * x0);  // du
  });

  // 4. u = reset U_n^T + d_n
  // 5. h' = h + c * x0 * u
  // 3. reset = r * h
  // 2. r = sigma(a_r)
  const auto finish = [&](std::size_t b0, std::size_t b1, std::size_t n0, std::size_t n1) {
    for_panel<A>(b0, b1, n0, n1, [&](std::size_t b, std::size_t j, auto lanes) {
      const std::size_t i = b * ld + j;
      const std::size_t i_r = b * 2 * ld + j;
      const Vector<A> r = lanes.load(p.gates + i_r);
      const Vector<A> dreset = lanes.load(p.dreset + i);
      lanes.store(p.dh + i, multiply_add(dreset, r, lanes.load(p.dh_next + i)));
      put_gate_gradient(lanes, dreset * lanes.load(p.h + i) * (r * (one - r)), p.da + i_r, p.dgx + i_r);
    });
  };
  product<A>(backward_product<A>(p, kN, p.dcandidate, ld, false, p.dreset), finish);

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
  product<A>(forward_product<A>(p, kN, p.h, p.u.part(kN).spread(ld), p.reset, ld), finish);
}

template <class A>
void gru_tanh_backward(const GruBackward<float>& p) {
  const std::size_t ld = p.ld;
  const Vector<A> one(1.0f);

  for_rows<A>(p, [&](std::size_t b, std::size_t j, auto lanes) {
    const std::size_t i = b * ld + j;
    const std::size_t i_r = b * 2 * ld + j, i_z = i_r + ld;
    float* dgx = p.dgx + b * 3 * ld + j;
    const Vector<A> r = lanes.load(p.gates + i_r);
    const Vector<A> z = lanes.load(p.gates + i_z);
    const Vector<A> c = lanes.load(p.carry + i);
    const Vector<A> n = lanes.load(p.candidate + i);
    const Vector<A> dh_next = lanes.load(p.dh_next + i);

    // 5. h' = c * n + z * h
    const Vector<A> dz = dh_next * (lanes.load(p.h + i) - n);
    lanes.store(p.dh + i, dh_next * z);

    // 4. n = tanh(gx_n + r * reset)
    const Vector<A> da_n = dh_next * c * (one - n * n);
    const Vector<A> dr = da_n * lanes.load(p.reset + i);
    put_gate_gradient(lanes, da_n, p.dcandidate + i, dgx + kN * ld);
    lanes.store(p.dreset + i, da_n * r);

    // 2. r = sigma(a_r), z = sigma(a_z), c = 1 - z
    put_gate_gradient(lanes, dr * (r * (one - r)), p.da + i_r, dgx);
    put_gate_gradient(lanes, dz * (z * c), p.da + i_z, dgx + kZ * ld);
  });

  // 3. reset = h U_n^T + d_n
  product<A>(backward_product<A>(p, kN, p.dreset, ld, true, p.dh), NoFinish<A>{});

  gates_backward<A>(p);  // step 1
}

}  // namespace dcrnn::kernels::simd
