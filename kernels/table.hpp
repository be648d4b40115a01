// The table of kernels: one pointer per op, declared from the one list in ops.inc. Kernels are
// single-threaded, never allocate, never fail, know no layer. model/ splits rows and output tiles over
// threads.
//
// Letters: B rows of a block, D width, T tasks, M x N result of a product, K its reduction length.
// Everything is row-major. `ld` is the distance between two rows, in elements; where none is given rows are
// dense. Unless said otherwise pointers must not alias, need no alignment, and outputs are overwritten.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.hpp"
#include "core/limits.hpp"
#include "kernels/operand.hpp"

namespace dcrnn::kernels {

enum class Activation { none, relu, sigmoid };

/// What becomes of the sums of a product.
template <class Real>
struct Epilogue {
  const Real* bias = nullptr;  ///< [N] or null
  Activation activation = Activation::none;
  bool accumulate = false;  ///< go on from C; without bias and activation
};

/// C [M, N] = act(A [M, K] R [K, N] + bias) or, with accumulate, C += A R. Every C(m, n) is one chain of
/// multiply-adds over k ascending (so its bytes depend on no tile, block or batch size), started at 0, or at
/// C(m, n) with accumulate; then bias, then act. They are fused where the instruction set can: not in
/// `reference` and `sse2`.
template <class Real>
struct Matmul {
  std::size_t M;
  const Real* a;  ///< A(m, k) = a[m * a_row + k * a_col]
  std::size_t a_row, a_col;
  Operand<const Real> r;  ///< a single part
  Epilogue<Real> epilogue;
  Real* c;
  std::size_t ldc;
};

/// Packs R [K, N], R(k, n) = r[k * k_stride + n * n_stride].
template <class Real>
struct Pack {
  const Real* r;
  std::size_t k_stride, n_stride;
  Operand<Real> to;  ///< [K, N], a single part or some of its columns
};

/// Out [N] (+)= sum over b ascending of x [B, N].
template <class Real>
struct ColumnSums {
  std::size_t B, N;
  const Real* x;
  std::size_t ldx;
  bool accumulate;
  Real* out;
};

/// One GRU step on B rows with its state product fused in; D is the width of the state.
///   candidate cross: a = [gx_r, gx_z] + h U_rz^T + d_rz; r = sigma(a_r); z = sigma(a_z); c = sigma(-a_z);
///                    reset = r * h; candidate = u = reset U_n^T + d_n; h_next = h + c * x0 * u
///   candidate tanh:  same r, z, c; reset = h U_n^T + d_n; candidate = n = tanh(gx_n + r * reset);
///                    h_next = c * n + z * h
/// All matrices have one row distance, ld >= D; a row of `gates` is two such rows, r and z, side by side, a
/// row of `gx` two (cross) or three (tanh: r, z, n). What follows the D elements of a row, up to ld, may be
/// read and overwritten with anything: whole vectors pass over it.
template <class Real>
struct GruForward {
  std::size_t B, D, ld;
  const Real* x0;         ///< [B, D], cross only
  const Real* gx;         ///< [B, 2 ld] or [B, 3 ld] input product with b
  const Real* h;          ///< [B, D]
  Operand<const Real> u;  ///< U_r^T, U_z^T and U_n^T: three parts [D, D]
  const Real* bias_hh;    ///< [3 ld] d_r, d_z and d_n, each followed by a gap like a row's
  Real* gates;            ///< [B, 2 ld] r, z
  Real* carry;            ///< [B, D] c = 1 - z
  Real* reset;            ///< [B, D], see above
  Real* candidate;        ///< [B, D], see above
  Real* h_next;           ///< [B, D]; must not alias h
};

/// The backward pass of GruForward for the same rows, which lie as there. An output may be the input of its
/// name (da of gates, dcandidate of candidate, dreset of reset, dh of dh_next), which it then replaces; the
/// bytes are the same. Otherwise nothing that came in is changed, but for what is added to.
template <class Real>
struct GruBackward {
  std::size_t B, D, ld;
  const Real* x0;              ///< [B, D], cross only
  const Real* h;               ///< [B, D] the step's state
  Operand<const Real> u_back;  ///< U_r, U_z and U_n: three parts [D, D]
  const Real* gates;           ///< [B, 2 ld]
  const Real* carry;           ///< [B, D]
  const Real* reset;           ///< [B, D], tanh only
  const Real* candidate;       ///< [B, D]
  const Real* dh_next;         ///< [B, D] gradient of h_next
  Real* da;                    ///< [B, 2 ld] da_r, da_z
  Real* dcandidate;            ///< [B, D] du (cross) or da_n (tanh)
  Real* dreset;  ///< [B, D] gradient of reset: of r * h (cross) or h U_n^T + d_n, r * da_n (tanh)
  Real* dh;      ///< [B, D] gradient of h
  Real* dgx;     ///< += [B, 2 ld] (cross) or [B, 3 ld] (tanh)
  Real* dx0;     ///< += [B, D], cross only
};

/// out [B, S] = g * s: the shared units a task lets in, written beside its private units (the concatenation
/// is the layout of out). With `g` null out = s; with g_row 0 one gate [S] serves all rows.
template <class Real>
struct GateForward {
  std::size_t B, S;
  const Real* s;  ///< [B, S]
  std::size_t ld_s;
  const Real* g;      ///< [B, S], [S] or null
  std::size_t g_row;  ///< row distance, or 0
  Real* out;
  std::size_t ld_out;
};

/// Backward of GateForward: ds += dout * g; da = dout * s * g * (1 - g), the gradient before the gate's
/// sigmoid.
template <class Real>
struct GateBackward {
  std::size_t B, S;
  const Real* s;
  std::size_t ld_s;  ///< of s, ds and da
  const Real* g;
  std::size_t g_row;
  const Real* dout;
  std::size_t ld_dout;
  Real* ds;  ///< += [B, S]
  Real* da;  ///< [B, S]; null when g is null
};

/// dx = dy where y > 0, else 0. In place allowed (dx == dy).
template <class Real>
struct ReluBackward {
  std::size_t B, N;
  const Real* y;
  std::size_t ldy;
  const Real* dy;
  std::size_t ld_dy;
  Real* dx;
  std::size_t ld_dx;
};

/// x [B, N] *= mask / (1 - rate) in place: unit n of row b is dropped iff the 32-bit word
/// philox(seed, dropout, stream, (first_row + b) * ceil(N / 4) + n / 4)[n % 4] < threshold.
template <class Real>
struct Dropout {
  std::size_t B, N;
  Real* x;
  std::size_t ldx;
  std::uint64_t seed;
  std::uint32_t stream;     ///< which use of dropout in the model
  std::uint64_t first_row;  ///< ordinal of row 0 among all rows trained
  std::uint32_t threshold;  ///< rate * 2^32
  Real scale;               ///< 1 / (1 - rate)
};

/// out [B, d] (row distance ldo) = table rows `ids`, or pooled rows of bags.
template <class Real>
struct Gather {
  std::size_t B, d;
  const Real* table;             ///< [V, d]
  const std::uint32_t* ids;      ///< [B], or [offsets[B]] for bags
  const std::uint32_t* offsets;  ///< bags: [B + 1]; else null
  bool mean;                     ///< bags: divide by the number of ids; an empty bag gives 0
  Real* out;
  std::size_t ldo;
};

/// Gradient of Gather into compact rows: for i ascending, grad[slots[i]] += scale[i] * dx[rows[i]].
template <class Real>
struct ScatterAdd {
  std::size_t count, d;
  const std::uint32_t* rows;   ///< [count] rows of dx
  const std::uint32_t* slots;  ///< [count] rows of grad
  const Real* scale;           ///< [count], or null for 1
  const Real* dx;
  std::size_t ldx;
  Real* grad;  ///< +=
};

/// Probabilities and losses of B rows (docs/loss.md), computed in double; T <= kMaxTasks. For row b and task
/// t with the path a_1 .. a_J = t (J = 1 unless chain) and logits l_j: S_j = sum over i <= j of log
/// sigma(l_i); log p = S_J; log(1 - p) = logsumexp over j of (S_{j-1} + log sigma(-l_j)).
template <class Real>
struct LossForward {
  std::size_t B, T;
  const std::size_t* parents;        ///< [T], (size_t)-1: none; null: independent
  const Real* logits;                ///< [B, T]
  const std::int8_t* const* labels;  ///< [T] arrays [B] of 0, 1 or -1 (missing), or null (all missing); null:
                                     ///< probabilities only
  const double* weights;             ///< [B] or null for 1
  Real* probability;                 ///< [B, T]
  double* loss;  ///< [T] += sum over labelled rows of weight * -(y log p + (1 - y) log(1 - p))
};

/// dlogits [B, T] = sum over t of scale[t] * weight[b] * d(-(y log p + (1 - y) log(1 - p)))_t / dlogit.
template <class Real>
struct LossBackward {
  std::size_t B, T;
  const std::size_t* parents;
  const Real* logits;
  const std::int8_t* const* labels;
  const double* weights;
  const double* scale;  ///< [T] task weight / sum of the weights of its labelled rows, or 0
  Real* dlogits;
};

/// y = f(x) elementwise; in place allowed.
template <class Real>
struct Map {
  std::size_t n;
  const Real* x;
  Real* y;
};

/// Which rows of a table an update rule works on: row i of the gradient [count, n] belongs to row rows[i] of
/// the parameters and of the state; each row at most once. Without rows: a span of n elements.
struct TouchedRows {
  const std::uint32_t* rows = nullptr;
  std::size_t count = 1;
};

/// Adam (Kingma & Ba 2015) on a span: g = grad_scale * grad (+ decay * p); m = beta1 m + (1 - beta1) g;
/// v = beta2 v + (1 - beta2) g^2; p -= rate * (m / correction1) / (sqrt(v / correction2) + epsilon).
/// `decoupled` (AdamW): p -= rate * decay * p instead of adding decay * p to g.
template <class Real>
struct Adam {
  std::size_t n;
  Real* p;
  const Real* grad;
  Real *m, *v;
  Real rate, beta1, beta2, epsilon, decay, correction1, correction2, grad_scale;
  bool decoupled;
  TouchedRows touched = {};
};

/// SGD with momentum as in torch.optim.SGD: g = grad_scale * grad + decay * p; m = momentum * m + g; p -=
/// rate * m.
template <class Real>
struct Sgd {
  std::size_t n;
  Real* p;
  const Real* grad;
  Real* m;
  Real rate, momentum, decay, grad_scale;
  TouchedRows touched = {};
};

/// Adagrad: g as in Sgd; s += g^2; p -= rate * g / (sqrt(s) + epsilon).
template <class Real>
struct Adagrad {
  std::size_t n;
  Real* p;
  const Real* grad;
  Real* s;
  Real rate, epsilon, decay, grad_scale;
  TouchedRows touched = {};
};

/// Sum of squares of a span in double, in an order fixed by n alone. Infinite or NaN if any element is.
template <class Real>
struct SquareSum {
  std::size_t n;
  const Real* x;
  double* out;
};

/// The kernels of one instruction set.
template <class Real>
struct Table {
  Isa isa;
  Format format;  ///< of `pack` and of all that reads what it has packed
#define DCRNN_OP(name, Arguments) void (*name)(const Arguments<Real>&);
#include "kernels/ops.inc"
#undef DCRNN_OP

  /// Elements of `parts` operands R [K, N], one behind the other.
  std::size_t packed_size(std::size_t K, std::size_t N, std::size_t parts = 1) const;
  /// The operands that lie, or are to be packed, at `data`.
  template <class Element>
  Operand<Element> operand(Element* data, std::size_t K, std::size_t N, std::size_t parts = 1) const {
    return {data, K, N, parts, format};
  }
};

/// The table of `isa` (which must be available; the double table exists for `reference` only). Every entry is
/// set.
template <class Real>
const Table<Real>& table(Isa isa);
extern template const Table<float>& table<float>(Isa);
extern template const Table<double>& table<double>(Isa);

}  // namespace dcrnn::kernels
