// exp, tanh, sigmoid and silu over the whole range of floats, in units in the last place.
#include <bit>

#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

namespace {

/// Distance of neighbouring Reals around `x`; below the normal numbers, that of the smallest of these.
template <class Real>
double unit_in_last_place(long double x) {
  const double size = std::max(static_cast<double>(std::abs(x)), double{std::numeric_limits<Real>::min()});
  return std::ldexp(double{std::numeric_limits<Real>::epsilon()}, std::ilogb(size));
}

/// Every sign and exponent of float with mantissas spread over its range, and the neighbourhood of 0.
std::vector<float> sweep() {
  std::vector<float> xs;
  for (std::uint64_t bits = 0; bits < 0x100000000; bits += 160001) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (std::isfinite(x)) xs.push_back(x);
  }
  for (int i = -200000; i <= 200000; i += 53) xs.push_back(static_cast<float>(i) * 5.3e-4f);
  return xs;
}

/// Checks y = f(x) where truth(x) is not less than `smallest`; smaller ones may also come out as 0.
template <class Real, class Truth>
void check_map(void (*map)(const Map<Real>&), Truth truth, double ulps, double smallest) {
  const std::vector<float> floats = sweep();
  const std::vector<Real> x(floats.begin(), floats.end());
  std::vector<Real> y(x.size());
  map({x.size(), x.data(), y.data()});
  double worst = 0;
  Real worst_x = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double want = truth(static_cast<long double>(x[i]));
    double error = 0;
    if (want > static_cast<long double>(std::numeric_limits<Real>::max())) {
      error = std::isinf(y[i]) ? 0.0 : HUGE_VAL;
    } else if (std::abs(want) < smallest) {
      error = std::abs(y[i]) <= 1.001 * smallest ? 0.0 : HUGE_VAL;
    } else {
      error = static_cast<double>(std::abs(y[i] - want)) / unit_in_last_place<Real>(want);
    }
    if (!(error <= worst)) {
      worst = error;
      worst_x = x[i];
    }
  }
  CHECK_MESSAGE(worst <= ulps, "worst " << worst << " ulp at " << worst_x);

  // In place, around the lengths of vectors, and no write outside.
  Numbers numbers(5);
  for (std::size_t n : kSizes) {
    Block<Real> block(1, n, n, numbers, -3, 3);
    const Block<Real> before = block;
    map({n, block.data(), block.data()});
    check_close(
        block, [&](auto, auto i) { return static_cast<double>(truth(before.at(0, i))); }, 0,
        "n=" + std::to_string(n), numbers);
  }
}

/// Checks f(-infinity), f(infinity) and f(NaN), in every lane.
template <class Real>
void check_limits(void (*map)(const Map<Real>&), Real at_minus, Real at_plus) {
  const Real infinity = std::numeric_limits<Real>::infinity();
  for (std::size_t n : Sizes{1, std::size_t{16}, std::size_t{19}}) {
    std::vector<Real> y(n), low(n, -infinity), high(n, infinity),
        nan(n, std::numeric_limits<Real>::quiet_NaN());
    map({n, low.data(), y.data()});
    CHECK(std::count(y.begin(), y.end(), at_minus) == static_cast<std::ptrdiff_t>(n));
    map({n, high.data(), y.data()});
    CHECK(std::count(y.begin(), y.end(), at_plus) == static_cast<std::ptrdiff_t>(n));
    map({n, nan.data(), y.data()});
    CHECK(std::count_if(y.begin(), y.end(), [](Real v) { return std::isnan(v); }) ==
          static_cast<std::ptrdiff_t>(n));
  }
}

}  // namespace

template <class Real>
void test_exp(const Table<Real>& table) {
  check_map<Real>(
      table.exp, [](long double x) { return std::exp(x); }, 1.5, 0);
  check_limits<Real>(table.exp, 0, std::numeric_limits<Real>::infinity());
}

template <class Real>
void test_tanh(const Table<Real>& table) {
  check_map<Real>(
      table.tanh, [](long double x) { return std::tanh(x); }, 2.5, 0);
  check_limits<Real>(table.tanh, -1, 1);
}

template <class Real>
void test_sigmoid(const Table<Real>& table) {
  check_map<Real>(
      table.sigmoid, [](long double x) { return 1 / (1 + std::exp(-x)); }, 2.5,
      double{std::numeric_limits<Real>::min()});
  check_limits<Real>(table.sigmoid, 0, 1);
}

template <class Real>
void test_silu(const Table<Real>& table) {
  check_map<Real>(
      table.silu, [](long double x) { return x / (1 + std::exp(-x)); }, 3.5,
      128 * double{std::numeric_limits<Real>::min()});
  // Nothing overflows, and beyond 40 it is x itself.
  for (std::size_t n : Sizes{1, std::size_t{19}}) {
    const std::vector<Real> low(n, -800), high(n, Real{40.5f}), largest(n, std::numeric_limits<Real>::max()),
        lowest(n, std::numeric_limits<Real>::lowest());
    for (const std::vector<Real>* x : {&low, &lowest, &high, &largest}) {
      std::vector<Real> y(n);
      table.silu({n, x->data(), y.data()});
      bool exact = true;
      for (Real got : y)
        exact =
            exact && (x->front() < 0 ? std::abs(got) <= std::numeric_limits<Real>::min() : got == x->front());
      CHECK_MESSAGE(exact, "silu(" << x->front() << "), n=" << n);
    }
  }
}

DCRNN_OP_TEST(exp);
DCRNN_OP_TEST(tanh);
DCRNN_OP_TEST(sigmoid);
DCRNN_OP_TEST(silu);

}  // namespace dcrnn::kernels::test
