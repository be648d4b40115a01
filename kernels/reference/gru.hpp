// One GRU step and its gradient, for both candidates. The steps are numbered; each backward pass walks them
// in reverse and restates the forward line above its derivative. dq is the gradient of the loss for q. The
// gradients of the parameters are products over these results (see linear.hpp), made once for all steps:
//   dU_rz = [da_r, da_z]^T h     dU_n = du^T reset (cross), dreset^T h (tanh)     dd: their column sums
//   dW    = dgx^T x0             dx0 += dgx W                                     db: column sums of dgx
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/reference/activation.hpp"
#include "kernels/reference/linear.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

/// C [B, N] (+)= A [B, K] R [K, N] (+ bias), dense A.
template <class Real>
void product(std::size_t B, std::size_t N, std::size_t K, const Real* a, std::size_t lda, const Real* packed,
             const Real* bias, bool accumulate, Real* c, std::size_t ldc) {
  matmul<Real>({.M = B,
                .N = N,
                .K = K,
                .a = a,
                .a_row = lda,
                .a_col = 1,
                .packed = packed,
                .panel_stride = K * kPanel,
                .bias = bias,
                .activation = Activation::none,
                .accumulate = accumulate,
                .c = c,
                .ldc = ldc});
}

/// Steps 1 and 2 of both candidates.
template <class Real>
void gates_forward(const GruForward<Real>& p) {
  const std::size_t D = p.D;

  // 1. a = h U_rz^T + d_rz + gx_rz
  product(p.B, 2 * D, D, p.h, p.ldh, p.u_rz, p.bias_hh, false, p.gates, 2 * D);

  // 2. r = sigma(a_r), z = sigma(a_z), c = 1 - z = sigma(-a_z)
  for (std::size_t b = 0; b < p.B; ++b) {
    Real* a = p.gates + b * 2 * D;
    const Real* gx = p.gx + b * p.ld_gx;
    for (std::size_t j = 0; j < D; ++j) {
      const Real a_r = a[j] + gx[j];
      const Real a_z = a[D + j] + gx[D + j];
      a[j] = sigmoid(a_r);
      a[D + j] = sigmoid(a_z);
      p.carry[b * D + j] = sigmoid(-a_z);
    }
  }
}

/// What is left of step 1 when gates holds [da_r, da_z].
template <class Real>
void gates_backward(const GruBackward<Real>& p) {
  const std::size_t D = p.D;

  // 1. a = h U_rz^T + d_rz + gx_rz
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < 2 * D; ++j) p.dgx[b * p.ld_dgx + j] += p.gates[b * 2 * D + j];
  }
  product<Real>(p.B, D, 2 * D, p.gates, 2 * D, p.u_rz_back, nullptr, true, p.dh, p.ld_dh);
}

template <class Real>
void gru_cross_forward(const GruForward<Real>& p) {
  const std::size_t D = p.D;

  gates_forward(p);  // steps 1 and 2

  // 3. reset = r * h
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      p.reset[b * D + j] = p.gates[b * 2 * D + j] * p.h[b * p.ldh + j];
    }
  }

  // 4. u = reset U_n^T + d_n
  product<Real>(p.B, D, D, p.reset, D, p.u_n, p.bias_hh + 2 * D, false, p.candidate, D);

  // 5. h' = h + c * x0 * u
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      const std::size_t i = b * D + j;
      p.h_next[b * p.ld_next + j] = p.h[b * p.ldh + j] + p.carry[i] * p.x0[i] * p.candidate[i];
    }
  }
}

template <class Real>
void gru_cross_backward(const GruBackward<Real>& p) {
  const std::size_t D = p.D;

  // 5. h' = h + c * x0 * u    (dh enters as dh' and is already the first part of dh)
  // 2. c = sigma(-a_z), hence dc / da_z = -z * c
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      const std::size_t i = b * D + j;
      const Real dh_next = p.dh[b * p.ld_dh + j];
      const Real c = p.carry[i];
      const Real u = p.candidate[i];
      const Real z = p.gates[b * 2 * D + D + j];
      p.dx0[i] += dh_next * c * u;
      p.gates[b * 2 * D + D + j] = -dh_next * p.x0[i] * u * (z * c);  // da_z
      p.candidate[i] = dh_next * c * p.x0[i];                         // du
    }
  }

  // 4. u = reset U_n^T + d_n
  Real* dreset = p.scratch;
  product<Real>(p.B, D, D, p.candidate, D, p.u_n_back, nullptr, false, dreset, D);

  // 3. reset = r * h
  // 2. r = sigma(a_r), hence dr / da_r = r * (1 - r)
  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      const Real r = p.gates[b * 2 * D + j];
      const Real dr = dreset[b * D + j] * p.h[b * p.ldh + j];
      p.dh[b * p.ld_dh + j] += dreset[b * D + j] * r;
      p.gates[b * 2 * D + j] = dr * (r * (1 - r));  // da_r
    }
  }

  gates_backward(p);  // step 1
}

template <class Real>
void gru_tanh_forward(const GruForward<Real>& p) {
  const std::size_t D = p.D;

  gates_forward(p);  // steps 1 and 2

  // 3. reset = h U_n^T + d_n
  product<Real>(p.B, D, D, p.h, p.ldh, p.u_n, p.bias_hh + 2 * D, false, p.reset, D);

  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      const std::size_t i = b * D + j;
      const Real r = p.gates[b * 2 * D + j];
      const Real z = p.gates[b * 2 * D + D + j];
      // 4. n = tanh(gx_n + r * reset)
      const Real n = std::tanh(p.gx[b * p.ld_gx + 2 * D + j] + r * p.reset[i]);
      p.candidate[i] = n;
      // 5. h' = c * n + z * h
      p.h_next[b * p.ld_next + j] = p.carry[i] * n + z * p.h[b * p.ldh + j];
    }
  }
}

template <class Real>
void gru_tanh_backward(const GruBackward<Real>& p) {
  const std::size_t D = p.D;

  for (std::size_t b = 0; b < p.B; ++b) {
    for (std::size_t j = 0; j < D; ++j) {
      const std::size_t i = b * D + j;
      const Real r = p.gates[b * 2 * D + j];
      const Real z = p.gates[b * 2 * D + D + j];
      const Real c = p.carry[i];
      const Real n = p.candidate[i];
      const Real dh_next = p.dh[b * p.ld_dh + j];

      // 5. h' = c * n + z * h
      const Real dn = dh_next * c;
      const Real dz = dh_next * (p.h[b * p.ldh + j] - n);  // through c = 1 - z too
      p.dh[b * p.ld_dh + j] = dh_next * z;

      // 4. n = tanh(gx_n + r * reset)
      const Real da_n = dn * (1 - n * n);
      const Real dr = da_n * p.reset[i];
      p.dgx[b * p.ld_dgx + 2 * D + j] += da_n;
      p.candidate[i] = da_n;
      p.reset[i] = da_n * r;  // dreset

      // 2. r = sigma(a_r), z = sigma(a_z), c = 1 - z
      p.gates[b * 2 * D + j] = dr * (r * (1 - r));  // da_r
      p.gates[b * 2 * D + D + j] = dz * (z * c);    // da_z
    }
  }

  // 3. reset = h U_n^T + d_n
  product<Real>(p.B, D, D, p.reset, D, p.u_n_back, nullptr, true, p.dh, p.ld_dh);

  gates_backward(p);  // step 1
}

}  // namespace dcrnn::kernels::reference
