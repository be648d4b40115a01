// Mixtures of units and the softmax that weighs them, against their definitions.
#include "core/limits.hpp"
#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

namespace {

/// What is mixed: units of as many sources as `counts` has, m columns each, and their gradients.
template <class Real>
struct Sources {
  std::size_t B, m, n = 0;
  std::vector<Block<Real>> values, gradients;
  std::vector<Units<const Real>> units;
  std::vector<Units<Real>> dunits;

  Sources(std::size_t rows, std::size_t width, const std::vector<std::size_t>& counts, Numbers& numbers)
      : B(rows), m(width) {
    for (std::size_t count : counts) {
      const std::size_t columns = count * m, ld = columns + 1 + values.size() % 3;
      values.emplace_back(B, columns, ld, numbers);
      gradients.emplace_back(B, columns, ld + 1, numbers);
      n += count;
    }
    for (std::size_t source = 0; source < counts.size(); ++source) {
      units.push_back({values[source].data(), values[source].ld(), counts[source]});
      dunits.push_back({gradients[source].data(), gradients[source].ld(), counts[source]});
    }
  }
  /// Element j of unit i in row b of the values, or of `blocks`.
  static double at(const std::vector<Block<Real>>& blocks, std::size_t width, std::size_t b, std::size_t i,
                   std::size_t j) {
    std::size_t source = 0;
    for (; i * width >= blocks[source].columns(); ++source) i -= blocks[source].columns() / width;
    return blocks[source].at(b, i * width + j);
  }
};

/// One expert; a task's own and shared ones; no own ones; all that the shared gate of 16 tasks can see.
std::vector<std::vector<std::size_t>> source_lists() {
  return {{1}, {2, 3}, {0, 4}, {3, 0, 1}, std::vector<std::size_t>(kMaxTasks + 1, 2)};
}

template <class F>
void for_mixtures(F&& f) {
  for (const std::vector<std::size_t>& counts : source_lists()) {
    for (std::size_t m : kSizes) {
      if (m == 0) continue;
      for (std::size_t B : Sizes{0, 1, 3}) {
        for (bool per_row : {false, true}) f(counts, m, B, per_row);
      }
    }
  }
}

}  // namespace

template <class Real>
void test_mix_forward(const Table<Real>& table) {
  for_mixtures([&](const std::vector<std::size_t>& counts, std::size_t m, std::size_t B, bool per_row) {
    Numbers numbers(m + counts.size());
    const Sources<Real> from(B, m, counts, numbers);
    const Block<Real> g(per_row ? B : 1, from.n, from.n + 2, numbers);
    Block<Real> out(B, m, m + 1);
    const std::size_t g_row = per_row ? g.ld() : 0;
    table.mix_forward({B, m, from.units.data(), from.units.size(), g.data(), g_row, out.data(), out.ld()});
    check_close(
        out,
        [&](auto b, auto j) {
          double sum = 0;
          for (std::size_t i = 0; i < from.n; ++i) {
            sum += static_cast<double>(g.data()[b * g_row + i]) * from.at(from.values, m, b, i, j);
          }
          return sum;
        },
        from.n, "mix_forward m=" + std::to_string(m) + " n=" + std::to_string(from.n), numbers);
  });
}

template <class Real>
void test_mix_backward(const Table<Real>& table) {
  for_mixtures([&](const std::vector<std::size_t>& counts, std::size_t m, std::size_t B, bool per_row) {
    Numbers numbers(m + counts.size());
    Sources<Real> from(B, m, counts, numbers);
    const std::vector<Block<Real>> before = from.gradients, values = from.values;
    const Block<Real> g(per_row ? B : 1, from.n, from.n + 2, numbers), dout(B, m, m + 1, numbers);
    Block<Real> dg(B, from.n, from.n + 1);
    const std::size_t g_row = per_row ? g.ld() : 0;
    const auto run = [&](Real* to) {
      table.mix_backward({B, m, from.units.data(), from.dunits.data(), from.units.size(), g.data(), g_row,
                          dout.data(), dout.ld(), to, dg.ld()});
    };
    run(dg.data());
    const std::string what = "mix_backward m=" + std::to_string(m) + " n=" + std::to_string(from.n);
    check_close(
        dg,
        [&](auto b, auto i) {
          double sum = 0;
          for (std::size_t j = 0; j < m; ++j) sum += dout.at(b, j) * from.at(values, m, b, i, j);
          return sum;
        },
        0, what + " dg", numbers);
    std::size_t first = 0;
    for (std::size_t source = 0; source < counts.size(); ++source) {
      check_close(
          from.gradients[source],
          [&](auto b, auto column) {
            const double gate = g.data()[b * g_row + first + column / m];
            return before[source].at(b, column) + gate * dout.at(b, column % m);
          },
          0, what + " dE", numbers);
      first += counts[source];
      CHECK(from.values[source].same_bytes(values[source]));
    }

    // Without dg: the same gradients of the units.
    const std::vector<Block<Real>> once = from.gradients;
    for (std::size_t source = 0; source < counts.size(); ++source) from.gradients[source] = before[source];
    for (std::size_t source = 0; source < counts.size(); ++source) {
      from.dunits[source].data = from.gradients[source].data();
    }
    run(nullptr);
    for (std::size_t source = 0; source < counts.size(); ++source) {
      CHECK(from.gradients[source].same_bytes(once[source]));
    }
  });
}

namespace {

/// Softmax of row b in long double.
template <class Real>
std::vector<long double> softmax(const Block<Real>& a, std::size_t b) {
  std::vector<long double> g(a.columns());
  long double sum = 0;
  for (std::size_t i = 0; i < g.size(); ++i) {
    long double largest = a.at(b, 0);
    for (std::size_t j = 0; j < g.size(); ++j) largest = std::max<long double>(largest, a.at(b, j));
    g[i] = std::exp(a.at(b, i) - largest);
    sum += g[i];
  }
  for (long double& x : g) x /= sum;
  return g;
}

}  // namespace

template <class Real>
void test_softmax_forward(const Table<Real>& table) {
  for (std::size_t n : kSizes) {
    for (std::size_t B : Sizes{0, 1, 3, 8, 17}) {
      for (double size : {1.0, 30.0, 1e4}) {
        Numbers numbers(n + B);
        const Block<Real> a(B, n, n + 2, numbers, -size, size);
        Block<Real> g(B, n, n + 1), place = a;
        table.softmax_forward({B, n, a.data(), a.ld(), g.data(), g.ld()});
        table.softmax_forward({B, n, place.data(), place.ld(), place.data(), place.ld()});
        const std::string what = "softmax_forward n=" + std::to_string(n) + " B=" + std::to_string(B);
        // Relative, for a small gate too.
        constexpr long double least = std::numeric_limits<Real>::min();
        bool close = g.intact() && place.intact(), one = true, alone = true;
        for (std::size_t b = 0; b < B; ++b) {
          Block<Real> row(1, n);
          table.softmax_forward({1, n, &a.data()[b * a.ld()], a.ld(), row.data(), row.ld()});
          alone = alone && std::memcmp(row.data(), &g.data()[b * g.ld()], n * sizeof(Real)) == 0;
          const std::vector<long double> want = softmax(a, b);
          for (std::size_t i = 0; i < n; ++i) {
            const long double error = std::abs(g.at(b, i) - want[i]);
            // An argument rounded in double.
            const long double allowed = (4 * std::numeric_limits<Real>::epsilon() +
                                         4 * size * std::numeric_limits<double>::epsilon()) *
                                        std::max(want[i], least);
            close = close && error <= allowed && place.at(b, i) == g.at(b, i);
          }
          one = one && (n != 1 || g.at(b, 0) == 1);
        }
        CHECK_MESSAGE(close, what << " size=" << size << " seed " << numbers.seed());
        CHECK_MESSAGE(alone, what << ": a row alone, seed " << numbers.seed());
        CHECK_MESSAGE(one, what << ": a single gate is exactly 1");
      }
    }
  }
}

template <class Real>
void test_softmax_backward(const Table<Real>& table) {
  for (std::size_t n : kSizes) {
    for (std::size_t B : Sizes{0, 1, 3, 8}) {
      for (double size : {1.0, 20.0}) {  // the gates may be near 1
        for (bool per_row : {false, true}) {
          Numbers numbers(n + B);
          const std::size_t rows = per_row ? B : 1;
          const Block<Real> a(rows, n, n, numbers, -size, size);
          Block<Real> g(rows, n, n + 2);
          table.softmax_forward({rows, n, a.data(), a.ld(), g.data(), g.ld()});
          const std::size_t g_row = per_row ? g.ld() : 0;
          const Block<Real> dg(B, n, n + 3, numbers);
          Block<Real> da(B, n, n + 1), place = dg;
          table.softmax_backward({B, n, g.data(), g_row, dg.data(), dg.ld(), da.data(), da.ld()});
          table.softmax_backward({B, n, g.data(), g_row, place.data(), place.ld(), place.data(), place.ld()});
          // d g_j / d a_i = g_i ([i = j] - g_j), from the sums of gates, which keep their digits
          double worst = 0;
          bool same = da.intact() && place.intact(), zero = true;
          for (std::size_t b = 0; b < B; ++b) {
            const std::vector<long double> gate = softmax(a, per_row ? b : 0);
            for (std::size_t i = 0; i < n; ++i) {
              long double want = 0, terms = 0;
              for (std::size_t j = 0; j < n; ++j) {
                const long double term =
                    gate[i] * gate[j] * (static_cast<long double>(dg.at(b, i)) - dg.at(b, j));
                want += term;
                terms += std::abs(term);
              }
              const double allowed = 8 * double{std::numeric_limits<Real>::epsilon()} *
                                     static_cast<double>(terms + std::numeric_limits<Real>::min());
              const double error = static_cast<double>(std::abs(da.at(b, i) - want)) / allowed;
              if (!(error <= worst)) worst = error;
              same = same && place.at(b, i) == da.at(b, i);
            }
            zero = zero && (n != 1 || da.at(b, 0) == 0);
          }
          const std::string what =
              "softmax_backward n=" + std::to_string(n) + " size=" + std::to_string(size);
          CHECK_MESSAGE(worst <= 1,
                        what << ": worst " << worst << " of what is allowed, seed " << numbers.seed());
          CHECK_MESSAGE(same, what << ": in place, seed " << numbers.seed());
          CHECK_MESSAGE(zero, what << ": a single gate has no gradient");
        }
      }
    }
  }
}

DCRNN_OP_TEST(mix_forward);
DCRNN_OP_TEST(mix_backward);
DCRNN_OP_TEST(softmax_forward);
DCRNN_OP_TEST(softmax_backward);

}  // namespace dcrnn::kernels::test
