// The gate of a sharing block, the derivatives of relu and silu, and dropout.
#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

template <class Real>
void test_gate_forward(const Table<Real>& table) {
  for (std::size_t S : kSizes) {
    const std::size_t B = 3;
    for (std::size_t g_rows : Sizes{0, std::size_t{1}, B}) {
      Numbers numbers(S);
      const Block<Real> s(B, S, S + 1, numbers), g(g_rows, S, S + 2, numbers, 0, 1);
      Block<Real> out(B, S, S + 4);
      const std::size_t g_row = g_rows == B ? g.ld() : 0;
      table.gate_forward(
          {B, S, s.data(), s.ld(), g_rows > 0 ? g.data() : nullptr, g_row, out.data(), out.ld()});
      const auto want = [&](std::size_t b, std::size_t n) {
        return static_cast<double>(s.at(b, n)) * (g_rows > 0 ? g.data()[b * g_row + n] : 1);
      };
      check_close(out, want, 0, "gate_forward S=" + std::to_string(S), numbers);
    }
  }
}

template <class Real>
void test_gate_backward(const Table<Real>& table) {
  for (std::size_t S : kSizes) {
    const std::size_t B = 3;
    for (std::size_t g_rows : Sizes{0, std::size_t{1}, B}) {
      Numbers numbers(S);
      const Block<Real> s(B, S, S + 1, numbers), g(g_rows, S, S + 2, numbers, 0, 1);
      const Block<Real> dout(B, S, S + 4, numbers);
      Block<Real> ds(B, S, S + 1, numbers), da(B, S, S + 1);
      const Block<Real> before = ds;
      const std::size_t g_row = g_rows == B ? g.ld() : 0;
      table.gate_backward({B, S, s.data(), s.ld(), g_rows > 0 ? g.data() : nullptr, g_row, dout.data(),
                           dout.ld(), ds.data(), g_rows > 0 ? da.data() : nullptr});
      const auto gate = [&](std::size_t b, std::size_t n) {
        return g_rows > 0 ? static_cast<double>(g.data()[b * g_row + n]) : 1.0;
      };
      const auto want_ds = [&](std::size_t b, std::size_t n) {
        return before.at(b, n) + dout.at(b, n) * gate(b, n);
      };
      const auto want_da = [&](std::size_t b, std::size_t n) {
        return dout.at(b, n) * s.at(b, n) * gate(b, n) * (1 - gate(b, n));
      };
      check_close(ds, want_ds, 0, "gate_backward ds S=" + std::to_string(S), numbers);
      check_close(da, want_da, 0, "gate_backward da S=" + std::to_string(S), numbers);
    }
  }
}

template <class Real>
void test_relu_backward(const Table<Real>& table) {
  for (std::size_t N : kSizes) {
    for (bool in_place : {false, true}) {
      const std::size_t B = 3;
      Numbers numbers(N);
      Block<Real> y(B, N, N + 1, numbers);
      for (std::size_t n = 0; n < N; n += 2) y.at(1, n) = 0;  // at the kink the derivative is 0
      Block<Real> dy(B, N, N + 2, numbers), dx(B, N, N + 2);
      const Block<Real> before = dy;
      Block<Real>& out = in_place ? dy : dx;
      table.relu_backward({B, N, y.data(), y.ld(), dy.data(), dy.ld(), out.data(), out.ld()});
      bool same = out.intact();
      for (std::size_t b = 0; b < B; ++b) {
        for (std::size_t n = 0; n < N; ++n) {
          same = same && out.at(b, n) == (y.at(b, n) > 0 ? before.at(b, n) : Real{0});
        }
      }
      CHECK_MESSAGE(same, "N=" << N << " in_place=" << in_place);
    }
  }
}

template <class Real>
void test_silu_backward(const Table<Real>& table) {
  for (std::size_t N : kSizes) {
    for (double size : {3.0, 1000.0}) {
      const std::size_t B = 3;
      Numbers numbers(N);
      const Block<Real> a(B, N, N + 1, numbers, -size, size), dy(B, N, N + 2, numbers);
      Block<Real> dx(B, N, N + 3), over_dy = dy, over_a = a;
      table.silu_backward({B, N, a.data(), a.ld(), dy.data(), dy.ld(), dx.data(), dx.ld()});
      const auto want = [&](std::size_t b, std::size_t n) {
        const long double x = a.at(b, n), sigma = 1 / (1 + std::exp(-x));
        return static_cast<double>(dy.at(b, n) * (sigma + x * sigma / (1 + std::exp(x))));
      };
      check_close(dx, want, 0, "silu_backward N=" + std::to_string(N), numbers);
      table.silu_backward({B, N, a.data(), a.ld(), over_dy.data(), dy.ld(), over_dy.data(), dy.ld()});
      table.silu_backward({B, N, over_a.data(), a.ld(), dy.data(), dy.ld(), over_a.data(), a.ld()});
      bool same = over_dy.intact() && over_a.intact();
      for (std::size_t b = 0; b < B; ++b) {
        for (std::size_t n = 0; n < N; ++n) {
          same = same && over_dy.at(b, n) == dx.at(b, n) && over_a.at(b, n) == dx.at(b, n);
        }
      }
      CHECK_MESSAGE(same, "in place, N=" << N);
    }
  }
}

template <class Real>
void test_dropout(const Table<Real>& table) {
  for (std::size_t N : kSizes) {
    const std::size_t B = 5;
    const std::uint64_t seed = 0x123456789abcdef0, first_row = (std::uint64_t{1} << 33) + 3;
    const std::uint32_t stream = 7, threshold = 0x60000000;  // rate 3/8
    Numbers numbers(N);
    Block<Real> x(B, N, N + 3, numbers);
    const Block<Real> before = x;
    table.dropout({B, N, x.data(), x.ld(), seed, stream, first_row, threshold, Real{1.6f}});
    bool same = x.intact();
    for (std::size_t b = 0; b < B; ++b) {
      for (std::size_t n = 0; n < N; ++n) {
        const std::uint64_t index = (first_row + b) * ((N + 3) / 4) + n / 4;
        const bool dropped = philox(seed, RandomUse::dropout, stream, index)[n % 4] < threshold;
        same = same && x.at(b, n) == (dropped ? Real{0} : before.at(b, n) * Real{1.6f});
      }
    }
    CHECK_MESSAGE(same, "N=" << N);
  }
}

DCRNN_OP_TEST(gate_forward);
DCRNN_OP_TEST(gate_backward);
DCRNN_OP_TEST(relu_backward);
DCRNN_OP_TEST(silu_backward);
DCRNN_OP_TEST(dropout);

}  // namespace dcrnn::kernels::test
