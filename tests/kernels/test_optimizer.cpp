// Update rules over a few steps against the published formulas in long double.
#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

namespace {

constexpr std::size_t kSteps = 3;

/// Runs `step` (kernel) and `truth` (one element in long double) side by side on spans of sizes that hurt,
/// and on two rows of a table of four, whose others must stay as they are.
template <class Real, class Step, class Truth>
void check_rule(const char* what, Step step, Truth truth) {
  const std::vector<std::uint32_t> rows = {2, 0};
  for (std::size_t n : kSizes) {
    for (bool table : {false, true}) {
      const std::size_t size = table ? 4 * n : n, touched = table ? rows.size() : 1;
      Numbers numbers(n);
      Block<Real> p(1, size, size, numbers), m(1, size), v(1, size);
      std::vector<long double> want_p(size), want_m(size), want_v(size);
      for (std::size_t i = 0; i < size; ++i) want_p[i] = p.at(0, i);
      for (std::size_t t = 1; t <= kSteps; ++t) {
        const Block<Real> grad(touched, n, n, numbers);
        step(n, p.data(), grad.data(), m.data(), v.data(), t,
             table ? TouchedRows{rows.data(), rows.size()} : TouchedRows{});
        for (std::size_t row = 0; row < touched; ++row) {
          for (std::size_t j = 0; j < n; ++j) {
            const std::size_t i = (table ? rows[row] * n : 0) + j;
            truth(want_p[i], grad.at(row, j), want_m[i], want_v[i], t);
          }
        }
      }
      const std::string where = std::string(what) + " n=" + std::to_string(n) + (table ? " rows" : "");
      check_close(
          p, [&](auto, auto i) { return want_p[i]; }, 8 * kSteps, where + " p", numbers);
      check_close(
          m, [&](auto, auto i) { return want_m[i]; }, 8 * kSteps, where + " m", numbers);
      check_close(
          v, [&](auto, auto i) { return want_v[i]; }, 8 * kSteps, where + " v", numbers);
    }
  }
}

// Powers of two are the same in every type.
constexpr float kRate = 0.0625f, kDecay = 0.125f, kScale = 0.5f, kEpsilon = 0x1p-20f;

}  // namespace

template <class Real>
void test_adam(const Table<Real>& table) {
  for (bool decoupled : {false, true}) {
    const float beta1 = 0.875f, beta2 = 0.9375f;
    check_rule<Real>(
        "adam",
        [&](std::size_t n, Real* p, const Real* grad, Real* m, Real* v, std::size_t t, TouchedRows touched) {
          const auto power = static_cast<double>(t);
          table.adam({n, p, grad, m, v, kRate, beta1, beta2, kEpsilon, kDecay,
                      static_cast<Real>(1 - std::pow(double{beta1}, power)),
                      static_cast<Real>(1 - std::pow(double{beta2}, power)), kScale, decoupled, touched});
        },
        [&](long double& p, long double grad, long double& m, long double& v, std::size_t t) {
          const auto power = static_cast<long double>(t);
          long double g = kScale * grad;
          if (decoupled) {
            p *= 1 - static_cast<long double>(kRate) * kDecay;
          } else {
            g += kDecay * p;
          }
          m = beta1 * m + (1 - static_cast<long double>(beta1)) * g;
          v = beta2 * v + (1 - static_cast<long double>(beta2)) * g * g;
          const long double m_hat = m / (1 - std::pow(static_cast<long double>(beta1), power));
          const long double v_hat = v / (1 - std::pow(static_cast<long double>(beta2), power));
          p -= kRate * m_hat / (std::sqrt(v_hat) + kEpsilon);
        });
  }
}

template <class Real>
void test_sgd(const Table<Real>& table) {
  check_rule<Real>(
      "sgd",
      [&](std::size_t n, Real* p, const Real* grad, Real* m, Real*, std::size_t, TouchedRows touched) {
        table.sgd({n, p, grad, m, kRate, 0.75f, kDecay, kScale, touched});
      },
      [](long double& p, long double grad, long double& m, long double&, std::size_t) {
        m = 0.75L * m + kScale * grad + kDecay * p;
        p -= kRate * m;
      });
}

template <class Real>
void test_adagrad(const Table<Real>& table) {
  check_rule<Real>(
      "adagrad",
      [&](std::size_t n, Real* p, const Real* grad, Real*, Real* s, std::size_t, TouchedRows touched) {
        table.adagrad({n, p, grad, s, kRate, kEpsilon, kDecay, kScale, touched});
      },
      [](long double& p, long double grad, long double&, long double& s, std::size_t) {
        const long double g = kScale * grad + kDecay * p;
        s += g * g;
        p -= kRate * g / (std::sqrt(s) + kEpsilon);
      });
}

DCRNN_OP_TEST(adam);
DCRNN_OP_TEST(sgd);
DCRNN_OP_TEST(adagrad);

}  // namespace dcrnn::kernels::test
