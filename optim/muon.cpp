#include "optim/muon.hpp"

#include <algorithm>
#include <cmath>

#include "core/threads.hpp"

namespace dcrnn::optim {

namespace {

constexpr int kRounds = 5;
constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;  // of the polynomial that pulls singular values to 1
constexpr double kTiny = 1e-7;

constexpr std::size_t kRows = 32;                           // rows of a product to a job
constexpr std::size_t kColumns = 2 * kernels::kColumnStep;  // packed by a job
constexpr std::size_t kChunk = 16384;  // elements squared and summed by a job; fixes the order of the norm

std::size_t jobs(std::size_t n, std::size_t of) {
  return (n + of - 1) / of;
}

}  // namespace

template <class Real>
Muon<Real>::Muon(const kernels::Table<Real>& ops, std::span<const Matrix> matrices) : ops_(ops) {
  std::size_t size = 0, square = 0, packed = 0;
  for (const Matrix& matrix : matrices) {
    const std::size_t n = std::min(matrix.rows, matrix.columns), m = std::max(matrix.rows, matrix.columns);
    size = std::max(size, n * m);
    square = std::max(square, n * n);
    packed = std::max({packed, ops.packed_size(m, n), ops.packed_size(n, m)});
  }
  x_ = Buffer<Real>(size, "muon");
  a_ = Buffer<Real>(square, "muon");
  poly_ = Buffer<Real>(square, "muon");
  packed_ = Buffer<Real>(packed, "muon");
  square_sums_ = Buffer<double>(jobs(size, kChunk), "muon");
}

template <class Real>
void Muon<Real>::update(std::size_t rows, std::size_t columns, Real* p, const Real* gradient, Real* momentum,
                        const MuonStep& step, int threads) {
  const bool tall = rows > columns;
  const std::size_t n = std::min(rows, columns), m = std::max(rows, columns);
  // Row r of P, column c: element (r, c) of X, (c, r) where it is transposed.
  const std::size_t row_stride = tall ? 1 : m, column_stride = tall ? m : 1;

  const Real scale = static_cast<Real>(step.gradient_scale), mu = static_cast<Real>(step.momentum);
  parallel_for(threads, jobs(rows, kRows), [&](std::size_t job, int) {
    for (std::size_t r = job * kRows; r < std::min(rows, (job + 1) * kRows); ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        const std::size_t i = r * columns + c;
        const Real g = scale * gradient[i];
        momentum[i] = mu * momentum[i] + g;
        x_[r * row_stride + c * column_stride] = g + mu * momentum[i];
      }
    }
  });

  orthogonalize(n, m, threads);

  const Real shrink = static_cast<Real>(step.rate * step.decay);
  const Real length = static_cast<Real>(step.rate * 0.2 * std::sqrt(static_cast<double>(m)));
  parallel_for(threads, jobs(rows, kRows), [&](std::size_t job, int) {
    for (std::size_t r = job * kRows; r < std::min(rows, (job + 1) * kRows); ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        const std::size_t i = r * columns + c;
        p[i] = p[i] - shrink * p[i] - length * x_[r * row_stride + c * column_stride];
      }
    }
  });
}

template <class Real>
void Muon<Real>::orthogonalize(std::size_t n, std::size_t m, int threads) {
  const Real inverse = static_cast<Real>(1 / (norm(n * m, threads) + kTiny));
  parallel_for(threads, jobs(n, kRows), [&](std::size_t job, int) {
    const std::size_t last = std::min(n, (job + 1) * kRows) * m;
    for (std::size_t i = job * kRows * m; i < last; ++i) x_[i] *= inverse;
  });

  for (int round = 0; round < kRounds; ++round) {
    // A = X X^T
    pack(m, n, x_.data(), 1, m, threads);
    parallel_for(threads, jobs(n, kRows), [&](std::size_t job, int) {
      multiply(job * kRows, std::min(kRows, n - job * kRows), n, m, x_.data(), false, a_.data());
    });
    // poly = b A + c A A
    pack(n, n, a_.data(), n, 1, threads);
    parallel_for(threads, jobs(n, kRows), [&](std::size_t job, int) {
      const std::size_t first = job * kRows, count = std::min(kRows, n - first);
      multiply(first, count, n, n, a_.data(), false, poly_.data());
      for (std::size_t i = first * n; i < (first + count) * n; ++i)
        poly_[i] = static_cast<Real>(kB) * a_[i] + static_cast<Real>(kC) * poly_[i];
    });
    // X = a X + poly X; the packed X stays what it was while rows are replaced.
    pack(n, m, x_.data(), m, 1, threads);
    parallel_for(threads, jobs(n, kRows), [&](std::size_t job, int) {
      const std::size_t first = job * kRows, count = std::min(kRows, n - first);
      for (std::size_t i = first * m; i < (first + count) * m; ++i) x_[i] *= static_cast<Real>(kA);
      multiply(first, count, m, n, poly_.data(), true, x_.data());
    });
  }
}

template <class Real>
double Muon<Real>::norm(std::size_t size, int threads) {
  parallel_for(threads, jobs(size, kChunk), [&](std::size_t job, int) {
    const std::size_t first = job * kChunk;
    ops_.square_sum({std::min(kChunk, size - first), x_.data() + first, &square_sums_[job]});
  });
  double sum = 0;
  for (std::size_t job = 0; job < jobs(size, kChunk); ++job) sum += square_sums_[job];
  return std::sqrt(sum);
}

template <class Real>
void Muon<Real>::pack(std::size_t K, std::size_t N, const Real* r, std::size_t k_stride, std::size_t n_stride,
                      int threads) {
  parallel_for(threads, jobs(N, kColumns), [&](std::size_t job, int) {
    const std::size_t first = job * kColumns;
    ops_.pack({r + first * n_stride, k_stride, n_stride,
               ops_.operand(packed_.data(), K, N).columns(first, std::min(kColumns, N - first))});
  });
}

template <class Real>
void Muon<Real>::multiply(std::size_t first, std::size_t count, std::size_t N, std::size_t K, const Real* a,
                          bool accumulate, Real* c) const {
  ops_.matmul({count,
               a + first * K,
               K,
               1,
               ops_.operand(packed_.data(), K, N),
               {.accumulate = accumulate},
               c + first * N,
               N});
}

template class Muon<float>;
template class Muon<double>;

}  // namespace dcrnn::optim
