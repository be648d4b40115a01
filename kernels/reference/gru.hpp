// One GRU step and its gradient, for both candidates. The steps are numbered; each backward pass walks them
// in reverse and restates the forward line above its derivative. dq is the gradient of the loss for q. The
// gradients of the parameters are products over these results (see linear.hpp), made once for all steps:
//   dU_rz = [da_r, da_z]^T h     dU_n = du^T reset (cross), dreset^T h (tanh)     dd: their column sums
//   dW    = dgx^T x0             dx0 += dgx W                                     db: column sums of dgx
#pragma once

#include <cmath>
#include <cstddef>
#include <initializer_list>

#include "kernels/reference/activation.hpp"
#include "kernels/reference/linear.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

/// C [B, D] = A [B, D] R [D, D], with the epilogue.
template <class Real>
void product(std::size_t B, const Real* a, std::size_t lda, const Operand<const Real>& r,
             const Epilogue<Real>& epilogue, Real* c, std::size_t ldc) {
  matmul<Real>({.M = B, .a = a, .a_row = lda, .a_col = 1, .r = r, .epilogue = epilogue, .c = c, .ldc = ldc});
}

/// The order of the gates in gx, gates, U and d.
inline constexpr std::size_t kR = 0, kZ = 1, kN = 2;

/// Steps 1 and 2 of both candidates; kGates of them take part in gx.
template <std::size_t kGates, class Real>
void gates_forward(const GruForward<Real>& p) {
  const std::size_t D = p.D, ld = p.ld;

  // 1. a = h U_rz^T + d_rz + gx_rz
  for (std::size_t gate : {kR, kZ}) {
    product<Real>(p.B, p.h, ld, p.u.part(gate), {.bias = p.bias_hh + gate * ld}, p.gates + gate * ld, 2 * ld);
  }

  // 2. r = sigma(a_r), z = sigma(a_z), c = 1 - z = sigma(-a_z)
  for (std::size_t b = 0; b < p.B; ++b) {
    Real *a_r = p.gates + b * 2 * ld, *a_z = a_r + ld;
    const Real *gx_r = p.gx + b * kGates * ld, *gx_z = gx_r + ld;
    for (std::size_t j = 0; j < D; ++j) {
      p.carry[b * ld + j] = sigmoid(-(a_z[j] + gx_z[j]));
      a_r[j] = sigmoid(a_r[j] + gx_r[j]);
      a_z[j] = sigmoid(a_z[j] + gx_z[j]);
    }
  }
}

/// What is left of step 1 when da is there.
template <std::size_t kGates, class Real>
void gates_backward(const GruBackward<Real>& p) {
  const std::size_t D = p.D, ld = p.ld;

  // 1. a = h U_rz^T + d_rz + gx_rz
  for (std::size_t gate : {kR, kZ}) {
    const Real* da = p.da + gate * ld;
    for (std::size_t b = 0; b < p.B; ++b) {
      for (std::size_t j = 0; j < D; ++j) p.dgx[(b * kGates + gate) * ld + j] += da[b * 2 * ld + j];
    }
    product<Real>(p.B, da, 2 * ld, p.u_back.part(gate), {.accumulate = true}, p.dh, ld);
  }
}

template <class Real>
void gru_cross_forward(const GruForward<Real>& p) {
  const std::size_t D = p.D, ld = p.ld;

  gates_forward<2>(p);  // steps 1 and 2

  // 3. reset = r * h
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      const std::size_t i = b * ld + j;
      p.reset[i] = p.gates[(b * 2 + kR) * ld + j] * p.h[i];
    }
  }

  // 4. u = reset U_n^T + d_n
  product<Real>(p.B, p.reset, ld, p.u.part(kN), {.bias = p.bias_hh + kN * ld}, p.candidate, ld);

  // 5. h' = h + c * x0 * u
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      const std::size_t i = b * ld + j;
      p.h_next[i] = p.h[i] + p.carry[i] * p.x0[i] * p.candidate[i];
    }
  }
}

template <class Real>
void gru_cross_backward(const GruBackward<Real>& p) {
  const std::size_t D = p.D, ld = p.ld;

  // 5. h' = h + c * x0 * u
  // 2. c = sigma(-a_z), hence dc / da_z = -z * c
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      const std::size_t i = b * ld + j;
      const Real dh_next = p.dh_next[i];
      const Real c = p.carry[i];
      const Real u = p.candidate[i];
      const Real z = p.gates[(b * 2 + kZ) * ld + j];
      p.dx0[i] += dh_next * c * u;
      p.da[(b * 2 + kZ) * ld + j] = -dh_next * p.x0[i] * u * (z * c);
      p.dcandidate[i] = dh_next * c * p.x0[i];  // du
    }
  }

  // 4. u = reset U_n^T + d_n
  product<Real>(p.B, p.dcandidate, ld, p.u_back.part(kN), {}, p.dreset, ld);

  // 5. h' = h + c * x0 * u
  // 3. reset = r * h
  // 2. r = sigma(a_r), hence dr / da_r = r * (1 - r)
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      const std::size_t i = b * ld + j;
      const Real r = p.gates[(b * 2 + kR) * ld + j];
      const Real dr = p.dreset[i] * p.h[i];
      p.dh[i] = p.dh_next[i] + p.dreset[i] * r;
      p.da[(b * 2 + kR) * ld + j] = dr * (r * (1 - r));
    }
  }

  gates_backward<2>(p);  // step 1
}

template <class Real>
void gru_tanh_forward(const GruForward<Real>& p) {
  const std::size_t D = p.D, ld = p.ld;

  gates_forward<3>(p);  // steps 1 and 2

  // 3. reset = h U_n^T + d_n
  product<Real>(p.B, p.h, ld, p.u.part(kN), {.bias = p.bias_hh + kN * ld}, p.reset, ld);

  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      const std::size_t i = b * ld + j;
      const Real r = p.gates[(b * 2 + kR) * ld + j];
      const Real z = p.gates[(b * 2 + kZ) * ld + j];
      // 4. n = tanh(gx_n + r * reset)
      const Real n = std::tanh(p.gx[(b * 3 + kN) * ld + j] + r * p.reset[i]);
      p.candidate[i] = n;
      // 5. h' = c * n + z * h
      p.h_next[i] = p.carry[i] * n + z * p.h[i];
    }
  }
}

template <class Real>
void gru_tanh_backward(const GruBackward<Real>& p) {
  const std::size_t D = p.D, ld = p.ld;

  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      const std::size_t i = b * ld + j;
      const Real r = p.gates[(b * 2 + kR) * ld + j];
      const Real z = p.gates[(b * 2 + kZ) * ld + j];
      const Real c = p.carry[i];
      const Real n = p.candidate[i];
      const Real dh_next = p.dh_next[i];

      // 5. h' = c * n + z * h
      const Real dn = dh_next * c;
      const Real dz = dh_next * (p.h[i] - n);  // through c = 1 - z too
      p.dh[i] = dh_next * z;

      // 4. n = tanh(gx_n + r * reset)
      const Real da_n = dn * (1 - n * n);
      const Real dr = da_n * p.reset[i];
      p.dgx[(b * 3 + kN) * ld + j] += da_n;
      p.dcandidate[i] = da_n;
      p.dreset[i] = da_n * r;

      // 2. r = sigma(a_r), z = sigma(a_z), c = 1 - z
      p.da[(b * 2 + kR) * ld + j] = dr * (r * (1 - r));
      p.da[(b * 2 + kZ) * ld + j] = dz * (z * c);
    }
  }

  // 3. reset = h U_n^T + d_n
  product<Real>(p.B, p.dreset, ld, p.u_back.part(kN), {.accumulate = true}, p.dh, ld);

  gates_backward<3>(p);  // step 1
}

}  // namespace dcrnn::kernels::reference
