// pack, matmul, column_sums against sums written out, and the promise that bytes depend on nothing but the
// row.
#include <tuple>

#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

namespace {

/// R [K, N] packed for `table`, a row for each panel.
template <class Real>
Block<Real> packed(const Table<Real>& table, const Block<Real>& r, std::size_t K, std::size_t N,
                   std::size_t k_stride, std::size_t n_stride) {
  const std::size_t nr = table.format.nr;
  Block<Real> result((N + nr - 1) / nr, K * nr, K * nr);
  table.pack({r.data(), k_stride, n_stride, table.operand(result.data(), K, N)});
  return result;
}

template <class Real>
double act(Activation activation, Real x) {
  if (activation == Activation::relu) return x > 0 ? x : 0;
  const double sigma = 1 / (1 + std::exp(-static_cast<double>(x)));
  return activation == Activation::sigmoid ? sigma : activation == Activation::silu ? x * sigma : x;
}

enum class Layout { forward, columns, scattered };  ///< a_col 1; a_row 1; neither

template <class Real>
void check_matmul(const Table<Real>& table, std::size_t M, std::size_t N, std::size_t K, Layout layout,
                  Activation activation, bool bias, bool accumulate) {
  Numbers numbers(M * 1000003 + N * 1009 + K);
  const bool columns = layout != Layout::forward;
  const Block<Real> a = columns ? Block<Real>(K, layout == Layout::columns ? M : 2 * M, 2 * M + 3, numbers)
                                : Block<Real>(M, K, K + 3, numbers);
  const std::size_t a_row = layout == Layout::forward ? a.ld() : layout == Layout::columns ? 1 : 2;
  const std::size_t a_col = columns ? a.ld() : 1;
  const Block<Real> r(N, K, K + 1, numbers);
  const Block<Real> b(1, N, N, numbers);
  Block<Real> c(M, N, N + 5, numbers);
  const Block<Real> before = c;
  const Block<Real> pack = packed(table, r, K, N, 1, r.ld());

  table.matmul({M,
                a.data(),
                a_row,
                a_col,
                table.operand(pack.data(), K, N),
                {bias ? b.data() : nullptr, activation, accumulate},
                c.data(),
                c.ld()});

  const auto want = [&](std::size_t m, std::size_t n) {
    double sum = accumulate ? before.at(m, n) : 0.0;
    for (std::size_t k = 0; k < K; ++k) {
      sum += static_cast<double>(a.data()[m * a_row + k * a_col]) * static_cast<double>(r.at(n, k));
    }
    return act(activation, sum + (bias ? static_cast<double>(b.at(0, n)) : 0.0));
  };
  check_close(c, want, K,
              "matmul M=" + std::to_string(M) + " N=" + std::to_string(N) + " K=" + std::to_string(K) +
                  " layout=" + std::to_string(static_cast<int>(layout)) +
                  " activation=" + std::to_string(static_cast<int>(activation)) +
                  " bias=" + std::to_string(bias) + " accumulate=" + std::to_string(accumulate),
              numbers);
}

/// The same product in one piece, by single rows, by chunks of rows and by chunks of columns.
template <class Real>
void check_same_bytes(const Table<Real>& table, std::size_t K, bool columns, bool accumulate) {
  const std::size_t M = 257, N = 2 * kColumnStep + 3;
  Numbers numbers(K);
  const Block<Real> a = columns ? Block<Real>(K, M, M, numbers) : Block<Real>(M, K, K, numbers);
  const std::size_t a_row = columns ? 1 : K, a_col = columns ? M : 1;
  const Block<Real> r(K, N, N, numbers);
  const Block<Real> b(1, N, N, numbers);
  const Block<Real> pack = packed(table, r, K, N, N, 1);
  const Block<Real> start(M, N, N, numbers);
  const Activation activation = accumulate ? Activation::none : Activation::sigmoid;

  const auto run = [&](Block<Real>& c, std::size_t m0, std::size_t m1, std::size_t n0, std::size_t n1) {
    table.matmul({m1 - m0,
                  a.data() + m0 * a_row,
                  a_row,
                  a_col,
                  table.operand(pack.data(), K, N).columns(n0, n1 - n0),
                  {accumulate ? nullptr : b.data() + n0, activation, accumulate},
                  c.data() + m0 * N + n0,
                  N});
  };
  Block<Real> whole = start;
  run(whole, 0, M, 0, N);
  for (std::size_t rows : Sizes{1, std::size_t{7}, std::size_t{64}}) {
    for (std::size_t width : Sizes{kColumnStep, N}) {
      Block<Real> parts = start;
      for (std::size_t m = 0; m < M; m += rows) {
        for (std::size_t n = 0; n < N; n += width) {
          run(parts, m, std::min(M, m + rows), n, std::min(N, n + width));
        }
      }
      INFO("K=" << K << " columns=" << columns << " accumulate=" << accumulate << " by " << rows
                << " rows and " << width << " columns");
      CHECK(parts.same_bytes(whole));
    }
  }
}

/// -1 * 1 + (1 + e)^2, with e so small that the square alone rounds to 1 + 2 e: fused, the result is 2 e +
/// e^2.
template <class Real>
void check_rounding(const Table<Real>& table, std::size_t M, std::size_t N, bool columns) {
  const bool fused = table.isa == Isa::avx2 || table.isa == Isa::avx512 || table.isa == Isa::neon;
  const Real e = std::ldexp(Real{1}, -(std::numeric_limits<Real>::digits + 1) / 2);
  constexpr std::size_t K = 2;
  Block<Real> a(columns ? K : M, columns ? M : K), r(K, N), c(M, N);
  for (std::size_t m = 0; m < M; ++m) {
    (columns ? a.at(0, m) : a.at(m, 0)) = -1;
    (columns ? a.at(1, m) : a.at(m, 1)) = 1 + e;
  }
  for (std::size_t n = 0; n < N; ++n) {
    r.at(0, n) = 1;
    r.at(1, n) = 1 + e;
  }
  const Block<Real> pack = packed(table, r, K, N, N, 1);
  table.matmul(
      {M, a.data(), columns ? 1 : K, columns ? M : 1, table.operand(pack.data(), K, N), {}, c.data(), N});
  const Real want = fused ? 2 * e + e * e : 2 * e;
  bool same = true;
  for (std::size_t m = 0; m < M; ++m) {
    for (std::size_t n = 0; n < N; ++n) same = same && c.at(m, n) == want;
  }
  CHECK_MESSAGE(same, "M=" << M << " N=" << N << " columns=" << columns << " fused=" << fused);
}

}  // namespace

template <class Real>
void test_pack(const Table<Real>& table) {
  for (std::size_t N : kSizes) {
    for (std::size_t K : Sizes{0, std::size_t{1}, std::size_t{5}}) {
      for (bool transposed : {false, true}) {
        Numbers numbers(N * 10 + K);
        const Block<Real> r =
            transposed ? Block<Real>(N, K, K + 2, numbers) : Block<Real>(K, N, N + 2, numbers);
        const Block<Real> got = packed(table, r, K, N, transposed ? 1 : r.ld(), transposed ? r.ld() : 1);
        const auto want = [&](std::size_t panel, std::size_t i) {
          const std::size_t nr = table.format.nr, k = i / nr, n = panel * nr + i % nr;
          return n >= N ? Real{0} : transposed ? r.at(n, k) : r.at(k, n);
        };
        bool same = got.intact();
        for (std::size_t p = 0; p < got.rows(); ++p) {
          for (std::size_t i = 0; i < got.columns(); ++i) same = same && got.at(p, i) == want(p, i);
        }
        CHECK_MESSAGE(same, "N=" << N << " K=" << K << " transposed=" << transposed);
      }
    }
  }
}

template <class Real>
void test_matmul(const Table<Real>& table) {
  using enum Activation;
  for (std::size_t M : kSizes) {
    for (std::size_t N : kSizes) check_matmul(table, M, N, 13, Layout::forward, none, false, false);
  }
  for (Layout layout : {Layout::forward, Layout::columns, Layout::scattered}) {
    for (std::size_t K : Sizes{0, 1, 257})
      check_matmul(table, 301, 259, K, layout, none, false, true);  // far
    for (std::size_t M : Sizes{0, 1, 5, 7, 12, 13, 61, 193}) {
      for (std::size_t N : Sizes{1, 8, 17, 35}) {
        for (std::size_t K : Sizes{0, 1, 256, 257, 515}) {
          check_matmul(table, M, N, K, layout, none, false, true);
          check_matmul(table, M, N, K, layout, relu, true, false);
          if (layout != Layout::forward) continue;
          check_matmul(table, M, N, K, layout, sigmoid, true, false);
          check_matmul(table, M, N, K, layout, silu, true, false);
        }
      }
    }
  }
  for (bool columns : {false, true}) {
    for (std::size_t M : Sizes{1, 2, 5, 13}) {
      for (std::size_t N : Sizes{1, 16, 35}) check_rounding(table, M, N, columns);
    }
    for (bool accumulate : {false, true}) {
      for (std::size_t K : Sizes{64, 300}) check_same_bytes(table, K, columns, accumulate);
    }
  }
}

template <class Real>
void test_column_sums(const Table<Real>& table) {
  for (std::size_t N : kSizes) {
    for (std::size_t B : Sizes{0, std::size_t{1}, std::size_t{9}, std::size_t{100}}) {
      for (bool accumulate : {false, true}) {
        Numbers numbers(N * 1000 + B);
        const Block<Real> x(B, N, N + 3, numbers);
        Block<Real> out(1, N, N, numbers);
        const Block<Real> before = out;
        table.column_sums({B, N, x.data(), x.ld(), accumulate, out.data()});
        const auto want = [&](std::size_t, std::size_t n) {
          double sum = accumulate ? before.at(0, n) : 0.0;
          for (std::size_t b = 0; b < B; ++b) sum += x.at(b, n);
          return sum;
        };
        check_close(out, want, B, "column_sums N=" + std::to_string(N) + " B=" + std::to_string(B), numbers);

        // In two pieces: the same chain, hence the same bytes.
        Block<Real> pieces = before;
        const std::size_t half = B / 2;
        table.column_sums({half, N, x.data(), x.ld(), accumulate, pieces.data()});
        table.column_sums({B - half, N, x.data() + half * x.ld(), x.ld(), true, pieces.data()});
        CHECK(pieces.same_bytes(out));
      }
    }
  }
}

DCRNN_OP_TEST(pack);
DCRNN_OP_TEST(matmul);
DCRNN_OP_TEST(column_sums);

}  // namespace dcrnn::kernels::test
