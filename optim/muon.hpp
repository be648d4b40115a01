// Muon (Jordan et al. 2024), scaled as in Liu et al. 2025: a matrix moves along its momentum with all
// singular values made (nearly) equal. docs/optimizers.md has the equations.
#pragma once

#include <cstddef>
#include <span>

#include "core/buffer.hpp"
#include "kernels/table.hpp"

namespace dcrnn::optim {

/// A matrix [rows, columns] in the arena of parameters.
struct Matrix {
  std::size_t offset = 0;
  std::size_t rows = 0, columns = 0;
};

struct MuonStep {
  double rate = 0, momentum = 0, decay = 0;
  double gradient_scale = 1;  ///< factor of the gradient (clipping)
};

/// One matrix after another, each on all threads; the same bytes for any number of them.
template <class Real>
class Muon {
 public:
  /// Work space for the largest of `matrices`. Failure(memory).
  Muon(const kernels::Table<Real>& ops, std::span<const Matrix> matrices);

  /// Moves p [rows, columns] against `gradient`; `momentum` is the M of the steps before and is replaced. All
  /// three lie densely and must not alias. No heap allocation.
  void update(std::size_t rows, std::size_t columns, Real* p, const Real* gradient, Real* momentum,
              const MuonStep& step, int threads);

 private:
  /// X <- X / |X|_F, then five rounds of X <- a X + (b A + c A A) X, A = X X^T.
  void orthogonalize(std::size_t n, std::size_t m, int threads);
  double norm(std::size_t size, int threads);
  /// packed_ = R [K, N], R(k, n) = r[k * k_stride + n * n_stride].
  void pack(std::size_t K, std::size_t N, const Real* r, std::size_t k_stride, std::size_t n_stride,
            int threads);
  /// Rows [first, first + count) of c (+)= a packed_, c [., N], a [., K].
  void multiply(std::size_t first, std::size_t count, std::size_t N, std::size_t K, const Real* a,
                bool accumulate, Real* c) const;

  const kernels::Table<Real>& ops_;
  Buffer<Real> x_;         ///< X [n, m], n <= m: the matrix or its transpose
  Buffer<Real> a_, poly_;  ///< A and b A + c A A, [n, n]
  Buffer<Real> packed_;
  Buffer<double> square_sums_;
};

extern template class Muon<float>;
extern template class Muon<double>;

}  // namespace dcrnn::optim
