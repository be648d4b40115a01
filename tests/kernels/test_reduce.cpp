// Reductions over a span against sums in long double.
#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

template <class Real>
void test_square_sum(const Table<Real>& table) {
  for (std::size_t n : kSizes) {
    Numbers numbers(n);
    Block<Real> x(1, n, n, numbers);
    long double want = 0;
    for (std::size_t i = 0; i < n; ++i) want += static_cast<long double>(x.at(0, i)) * x.at(0, i);
    Block<double> got(1, 1);
    table.square_sum({n, x.data(), got.data()});
    check_close(
        got, [&](auto, auto) { return want; }, n, "square_sum n=" + std::to_string(n), numbers);

    // One bad element anywhere shows; a large one does not overflow.
    for (std::size_t i = 0; i < n; ++i) {
      const Real kept = x.at(0, i);
      x.at(0, i) = -std::numeric_limits<Real>::infinity();
      table.square_sum({n, x.data(), got.data()});
      CHECK(std::isinf(got.at(0, 0)));
      x.at(0, i) = std::numeric_limits<Real>::quiet_NaN();
      table.square_sum({n, x.data(), got.data()});
      CHECK(std::isnan(got.at(0, 0)));
      x.at(0, i) = Real{3e38f};
      table.square_sum({n, x.data(), got.data()});
      CHECK(std::isfinite(got.at(0, 0)));
      x.at(0, i) = kept;
    }
  }
}

template <class Real>
void test_dot(const Table<Real>& table) {
  for (std::size_t n : kSizes) {
    Numbers numbers(n);
    const Block<Real> x(1, n, n, numbers), y(1, n, n, numbers);
    long double want = 0;
    for (std::size_t i = 0; i < n; ++i) want += static_cast<long double>(x.at(0, i)) * y.at(0, i);
    Block<double> got(1, 1), square(1, 1), norm(1, 1);
    table.dot({n, x.data(), y.data(), got.data()});
    check_close(
        got, [&](auto, auto) { return want; }, n, "dot n=" + std::to_string(n), numbers);

    // With itself: the sum of squares, to the bit.
    table.dot({n, x.data(), x.data(), norm.data()});
    table.square_sum({n, x.data(), square.data()});
    CHECK(norm.same_bytes(square));
  }
}

TEST_CASE("a dot product is the same on all instruction sets") {
  for (std::size_t n : kSizes) {
    Numbers numbers(n);
    const Block<float> x(1, n, n, numbers), y(1, n, n, numbers);
    std::vector<double> sums;
    for (Isa isa : available_isas()) {
      if (isa == Isa::reference) continue;
      sums.emplace_back();
      table<float>(isa).dot({n, x.data(), y.data(), &sums.back()});
    }
    for (double sum : sums) CHECK(sum == sums.front());
  }
}

DCRNN_OP_TEST(square_sum);
DCRNN_OP_TEST(dot);

}  // namespace dcrnn::kernels::test
