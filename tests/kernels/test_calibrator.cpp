// How far probabilities lie above their parents', against the definition in long double.
#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// No parent at all, a pair, a forest in which a task has two children, a chain of 16.
std::vector<std::vector<std::size_t>> forests() {
  std::vector<std::size_t> chain(16);
  for (std::size_t t = 0; t < 16; ++t) chain[t] = t == 0 ? kNone : t - 1;
  return {{kNone}, {kNone, 0}, {kNone, 0, 0, kNone, 2}, {1, kNone}, chain};
}

long double sigma(long double x) {
  return 1 / (1 + std::exp(-x));
}

/// Calls f(parents, B, logits, weights or none); some tasks are just as probable as their parents.
template <class Real, class F>
void for_rows(F&& f) {
  for (const std::vector<std::size_t>& parents : forests()) {
    for (std::size_t B : Sizes{0, 1, 3, 8, 17}) {
      for (double size : {1.0, 20.0, 1e4}) {
        for (bool weighted : {false, true}) {
          const std::size_t T = parents.size();
          Numbers numbers(B + T);
          Block<Real> logits(B, T, T, numbers, -size, size);
          for (std::size_t b = 0; b < B; b += 3) {
            for (std::size_t t = 0; t < T; ++t) {
              if (parents[t] != kNone) logits.at(b, t) = logits.at(b, parents[t]);
            }
          }
          std::vector<double> weights;
          for (std::size_t b = 0; b < B && weighted; ++b) weights.push_back(numbers(0, 2));
          f(parents, B, logits, weights, numbers);
        }
      }
    }
  }
}

}  // namespace

template <class Real>
void test_calibrator_forward(const Table<Real>& table) {
  for_rows<Real>([&](const std::vector<std::size_t>& parents, std::size_t B, const Block<Real>& logits,
                     const std::vector<double>& weights, Numbers& numbers) {
    const std::size_t T = parents.size();
    Block<double> excess(1, T, T, numbers);
    const Block<double> before = excess;
    table.calibrator_forward(
        {B, T, parents.data(), logits.data(), weights.empty() ? nullptr : weights.data(), excess.data()});
    check_close(
        excess,
        [&](auto, auto t) {
          long double sum = before.at(0, t);
          for (std::size_t b = 0; b < B && parents[t] != kNone; ++b) {
            const long double above = sigma(logits.at(b, t)) - sigma(logits.at(b, parents[t]));
            sum += (weights.empty() ? 1.0 : weights[b]) * std::max<long double>(above, 0);
          }
          return sum;
        },
        B, "calibrator_forward B=" + std::to_string(B) + " T=" + std::to_string(T), numbers);
    for (std::size_t t = 0; t < T; ++t) CHECK((parents[t] != kNone || excess.at(0, t) == before.at(0, t)));
  });
}

template <class Real>
void test_calibrator_backward(const Table<Real>& table) {
  for_rows<Real>([&](const std::vector<std::size_t>& parents, std::size_t B, const Block<Real>& logits,
                     const std::vector<double>& weights, Numbers& numbers) {
    const std::size_t T = parents.size();
    std::vector<double> scale;
    for (std::size_t t = 0; t < T; ++t) scale.push_back(t == 2 ? 0 : numbers(0, 1));
    Block<Real> dlogits(B, T, T, numbers);
    const Block<Real> before = dlogits;
    table.calibrator_backward({B, T, parents.data(), logits.data(),
                               weights.empty() ? nullptr : weights.data(), scale.data(), dlogits.data()});
    check_close(
        dlogits,
        [&](auto b, auto i) {
          long double sum = before.at(b, i);
          for (std::size_t t = 0; t < T; ++t) {
            if (parents[t] == kNone || (t != i && parents[t] != i)) continue;
            // Of the logits: of probabilities long double tells apart what double does not.
            if (!(logits.at(b, t) > logits.at(b, parents[t]))) continue;
            const long double l = logits.at(b, i), slope = sigma(l) * sigma(-l);
            sum += (weights.empty() ? 1.0 : weights[b]) * scale[t] * (t == i ? slope : -slope);
          }
          return sum;
        },
        T, "calibrator_backward B=" + std::to_string(B) + " T=" + std::to_string(T), numbers);

    // Scales of 0: nothing is added.
    Block<Real> same = before;
    const std::vector<double> zero(T, 0);
    table.calibrator_backward({B, T, parents.data(), logits.data(), nullptr, zero.data(), same.data()});
    CHECK(same.same_bytes(before));
  });
}

DCRNN_OP_TEST(calibrator_forward);
DCRNN_OP_TEST(calibrator_backward);

}  // namespace dcrnn::kernels::test
