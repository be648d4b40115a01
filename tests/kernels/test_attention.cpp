// The attention over two representations: forward against its formulas, backward against derivatives by
// central differences in double.
#include "core/size.hpp"
#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

namespace {

/// Rows of q and p (Q, K, V of each) and a gradient of y, with numbers of the size `size`.
template <class Real>
struct Pair {
  std::size_t B, H, ld;
  Numbers numbers;
  Roomy<Real> q, p, dy;

  Pair(std::size_t rows, std::size_t width, std::size_t distance, double size = 1)
      : B(rows),
        H(width),
        ld(distance),
        numbers(rows * 100 + width),
        q(B, H, ld, 3, numbers, -size, size),
        p(B, H, ld, 3, numbers, -size, size),
        dy(B, H, ld, 1, numbers) {}

  /// e_q - e_p of row b.
  long double difference(std::size_t b) const {
    long double sum = 0;
    for (std::size_t j = 0; j < H; ++j) {
      sum += static_cast<long double>(q.at(b, j)) * q.at(b, H + j) -
             static_cast<long double>(p.at(b, j)) * p.at(b, H + j);
    }
    return sum / std::sqrt(static_cast<long double>(H));
  }
  /// a_q of row b, or a_p.
  double gate(std::size_t b, bool of_q) const {
    const long double e = of_q ? difference(b) : -difference(b);
    return static_cast<double>(1 / (1 + std::exp(-e)));
  }
  double value(std::size_t b, std::size_t j) const {
    return gate(b, true) * q.at(b, 2 * H + j) + gate(b, false) * p.at(b, 2 * H + j);
  }
  /// dy . y of row b.
  double loss(std::size_t b) const {
    double of_q = 0, of_p = 0;
    for (std::size_t j = 0; j < H; ++j) {
      of_q += dy.at(b, j) * q.at(b, 2 * H + j);
      of_p += dy.at(b, j) * p.at(b, 2 * H + j);
    }
    return gate(b, true) * of_q + gate(b, false) * of_p;
  }
};

template <class F>
void for_pairs(F&& f) {
  for (std::size_t H : kSizes) {
    if (H == 0) continue;
    for (std::size_t ld : {H, H + 1, round_up(H, 16)}) {
      for (std::size_t B : Sizes{0, 1, 3}) f(B, H, ld);
    }
  }
}

std::string shape(const char* op, std::size_t H, std::size_t ld) {
  return std::string(op) + " H=" + std::to_string(H) + " ld=" + std::to_string(ld);
}

}  // namespace

template <class Real>
void test_attention_forward(const Table<Real>& table) {
  for_pairs([&](std::size_t B, std::size_t H, std::size_t ld) {
    for (double size : {1.0, 4.0}) {
      const Pair<Real> pair(B, H, ld, size);
      Block<Real> a(B, 2);
      Roomy<Real> y(B, H, ld);
      table.attention_forward({B, H, ld, pair.q.data(), pair.p.data(), a.data(), y.data()});
      const std::string what = shape("attention_forward", H, ld);
      check_close(
          y, [&](auto b, auto j) { return pair.value(b, j); }, 0, what + " y", pair.numbers);
      // A gate near 0 has its digits.
      double worst = 0;
      for (std::size_t b = 0; b < B; ++b) {
        for (bool of_q : {true, false}) {
          const double error = std::abs(a.at(b, of_q ? 0 : 1) / pair.gate(b, of_q) - 1);
          if (!(error <= worst)) worst = error;
        }
      }
      CHECK_MESSAGE(worst <= 2 * double{std::numeric_limits<Real>::epsilon()} + 1e-13,
                    what << ": worst relative error of a " << worst);
      CHECK(a.intact());
    }

    // Without queries or keys both count the same.
    Pair<Real> pair(B, H, ld);
    for (std::size_t b = 0; b < B; ++b) {
      for (std::size_t j = 0; j < H; ++j) pair.q.at(b, j) = pair.p.at(b, H + j) = 0;
    }
    Block<Real> a(B, 2);
    Roomy<Real> y(B, H, ld);
    table.attention_forward({B, H, ld, pair.q.data(), pair.p.data(), a.data(), y.data()});
    for (std::size_t b = 0; b < B; ++b) CHECK((a.at(b, 0) == Real{0.5f} && a.at(b, 1) == Real{0.5f}));
  });
}

template <class Real>
void test_attention_backward(const Table<Real>& table) {
  for_pairs([&](std::size_t B, std::size_t H, std::size_t ld) {
    Pair<Real> pair(B, H, ld);
    Block<Real> a(B, 2);
    Roomy<Real> y(B, H, ld);
    table.attention_forward({B, H, ld, pair.q.data(), pair.p.data(), a.data(), y.data()});
    Roomy<Real> dq(B, H, ld, 3), dp(B, H, ld, 3);
    const Pair<Real> before = pair;
    table.attention_backward(
        {B, H, ld, pair.q.data(), pair.p.data(), a.data(), pair.dy.data(), dq.data(), dp.data()});
    CHECK(same(pair.q, before.q));
    CHECK(same(pair.p, before.p));
    CHECK(same(pair.dy, before.dy));

    // The same numbers in double, probed.
    Pair<double> probe(B, H, ld);
    const auto derivative = [&](Roomy<double>& input, std::size_t b, std::size_t c) {
      const double kept = input.at(b, c), e = 1e-4;
      input.at(b, c) = kept + e;
      const double above = probe.loss(b);
      input.at(b, c) = kept - e;
      const double below = probe.loss(b);
      input.at(b, c) = kept;
      return (above - below) / (2 * e);
    };
    const std::string what = shape("attention_backward", H, ld);
    const double unit = std::max(1.0, 1e-8 / double{std::numeric_limits<Real>::epsilon()} / 8);
    check_close(
        dq, [&](auto b, auto c) { return derivative(probe.q, b, c); }, 0, what + " dq", pair.numbers, unit);
    check_close(
        dp, [&](auto b, auto c) { return derivative(probe.p, b, c); }, 0, what + " dp", pair.numbers, unit);

    // In the place of q and p.
    table.attention_backward(
        {B, H, ld, pair.q.data(), pair.p.data(), a.data(), pair.dy.data(), pair.q.data(), pair.p.data()});
    CHECK(same(pair.q, dq));
    CHECK(same(pair.p, dp));
    CHECK((pair.q.intact() && pair.p.intact()));
  });
}

DCRNN_OP_TEST(attention_forward);
DCRNN_OP_TEST(attention_backward);

}  // namespace dcrnn::kernels::test
