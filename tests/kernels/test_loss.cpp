// Probabilities, losses and their gradient against the definitions in long double, extreme logits included.
#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// Forests of up to 16 tasks, the deepest a chain of 16; an empty one means independent tasks.
struct Forest {
  std::size_t T;
  std::vector<std::size_t> parents;
  const std::size_t* data() const { return parents.empty() ? nullptr : parents.data(); }
};

std::vector<Forest> forests() {
  std::vector<std::size_t> chain(16);
  for (std::size_t t = 0; t < 16; ++t) chain[t] = t == 0 ? kNone : t - 1;
  return {{1, {}}, {3, {}}, {2, {kNone, 0}}, {5, {kNone, 0, 0, kNone, 2}}, {16, chain}};
}

/// B rows of logits, labels and weights.
template <class Real>
struct Rows {
  Block<Real> logits;
  std::vector<std::vector<std::int8_t>> labels;
  std::vector<const std::int8_t*> columns;
  std::vector<double> weights, scale, positive_weight;
  std::vector<std::vector<double>> soft;
  std::vector<const double*> soft_columns;

  Rows(std::size_t B, std::size_t T, double size, Numbers& numbers) : logits(B, T, T, numbers, -size, size) {
    for (std::size_t t = 0; t < T; ++t) {
      labels.emplace_back(B);
      for (std::int8_t& label : labels.back()) label = static_cast<std::int8_t>(numbers.word() % 3) - 1;
      columns.push_back(labels.back().data());
      scale.push_back(numbers(0, 1));
      positive_weight.push_back(numbers(0.5, 4));
      soft.emplace_back(B);
      for (double& y : soft.back()) y = numbers(0, 1);
      soft_columns.push_back(t == 1 ? nullptr : soft.back().data());  // a task without soft labels
    }
    columns.back() = T > 2 ? nullptr : columns.back();  // a task without labels
    for (std::size_t b = 0; b < B; ++b) weights.push_back(numbers(0, 2));
  }
  int label(std::size_t b, std::size_t t) const { return columns[t] == nullptr ? -1 : columns[t][b]; }
  /// y' and w' of a labelled row; `softened`: with soft labels and weights of positive rows.
  double target(std::size_t b, std::size_t t, bool softened) const {
    return softened && soft_columns[t] != nullptr ? soft[t][b] : label(b, t);
  }
  double weight(std::size_t b, std::size_t t, bool weighted, bool softened) const {
    return (weighted ? weights[b] : 1.0) * (softened && label(b, t) == 1 ? positive_weight[t] : 1.0);
  }
};

long double log_sigmoid(long double x) {
  return x < 0 ? x - std::log1p(std::exp(x)) : -std::log1p(std::exp(-x));
}

/// The path from the root to `task`.
std::vector<std::size_t> path(const Forest& forest, std::size_t task) {
  std::vector<std::size_t> result;
  for (std::size_t j = task; j != kNone; j = forest.parents.empty() ? kNone : forest.parents[j]) {
    result.insert(result.begin(), j);
  }
  return result;
}

/// S_J and logsumexp over j of (S_{j-1} + log sigma(-l_j)), as docs/loss.md has them.
template <class Real>
std::pair<long double, long double> log_probabilities(const Forest& forest, const Block<Real>& logits,
                                                      std::size_t b, std::size_t task) {
  long double before = 0, largest = -HUGE_VALL, sum = 0;
  std::vector<long double> terms;
  for (std::size_t j : path(forest, task)) {
    const long double l = logits.at(b, j);
    terms.push_back(before + log_sigmoid(-l));
    before += log_sigmoid(l);
    largest = std::max(largest, terms.back());
  }
  for (long double term : terms) sum += std::exp(term - largest);
  return {before, largest + std::log(sum)};
}

const std::vector<double> kSizesOfLogits = {1, 20, 700, 1e4};

/// Small probabilities have all their digits too, down to the least normal number.
template <class Real, class Log>
void check_digits(const Block<Real>& probability, Log log_p, const std::string& what,
                  const Numbers& numbers) {
  constexpr double least = std::numeric_limits<Real>::min();
  double worst = 0;
  for (std::size_t b = 0; b < probability.rows(); ++b) {
    for (std::size_t t = 0; t < probability.columns(); ++t) {
      const long double log = log_p(b, t), want = std::exp(log);
      const double got = probability.at(b, t);
      // What rounding log p in double does to p, and rounding p to Real.
      const double allowed =
          2 * double{std::numeric_limits<Real>::epsilon()} +
          16 * std::numeric_limits<double>::epsilon() * (1 + std::abs(static_cast<double>(log)));
      const double error = want < least ? (got >= 0 && got <= least * (1 + allowed) ? 0 : HUGE_VAL)
                                        : std::abs(static_cast<double>(got / want - 1)) / allowed;
      if (!(error <= worst)) worst = error;
    }
  }
  CHECK_MESSAGE(worst <= 1, what << ": worst " << worst << " of what is allowed, seed " << numbers.seed());
}

}  // namespace

template <class Real>
void test_loss_forward(const Table<Real>& table) {
  for (const Forest& forest : forests()) {
    for (double size : kSizesOfLogits) {
      for (std::size_t B : Sizes{0, 1, 3, 8, 17}) {
        for (unsigned choice = 0; choice < 4; ++choice) {
          const bool weighted = choice % 2 == 1, softened = choice / 2 == 1;
          Numbers numbers(B + forest.T * 100);
          const std::size_t T = forest.T;
          const Rows<Real> rows(B, T, size, numbers);
          Block<Real> probability(B, T);
          Block<double> loss(1, T, T, numbers);
          const Block<double> before = loss;
          table.loss_forward({B, T, forest.data(), rows.logits.data(), rows.columns.data(),
                              weighted ? rows.weights.data() : nullptr, probability.data(), loss.data(),
                              softened ? rows.soft_columns.data() : nullptr,
                              softened ? rows.positive_weight.data() : nullptr});
          const std::string what = "B=" + std::to_string(B) + " T=" + std::to_string(T);
          check_close(
              probability,
              [&](auto b, auto t) {
                return std::exp(static_cast<double>(log_probabilities(forest, rows.logits, b, t).first));
              },
              0, "probability " + what, numbers);
          check_digits(
              probability, [&](auto b, auto t) { return log_probabilities(forest, rows.logits, b, t).first; },
              "digits of probability " + what, numbers);
          check_close(
              loss,
              [&](auto, auto t) {
                long double sum = before.at(0, t);
                for (std::size_t b = 0; b < B; ++b) {
                  if (rows.label(b, t) < 0) continue;
                  const auto [yes, no] = log_probabilities(forest, rows.logits, b, t);
                  const double y = rows.target(b, t, softened);
                  sum -= rows.weight(b, t, weighted, softened) *
                         ((y > 0 ? y * yes : 0) + (y < 1 ? (1 - y) * no : 0));
                }
                return sum;
              },
              B, "loss " + what, numbers);

          // Without labels: the same probabilities and no loss.
          Block<Real> alone(B, T);
          table.loss_forward(
              {B, T, forest.data(), rows.logits.data(), nullptr, nullptr, alone.data(), nullptr});
          CHECK(alone.same_bytes(probability));
        }
      }
    }
  }
}

template <class Real>
void test_loss_backward(const Table<Real>& table) {
  for (const Forest& forest : forests()) {
    for (double size : kSizesOfLogits) {
      for (std::size_t B : Sizes{0, 1, 3, 5}) {
        for (unsigned choice = 0; choice < 4; ++choice) {
          const bool weighted = choice % 2 == 1, softened = choice / 2 == 1;
          Numbers numbers(B + forest.T * 100);
          const std::size_t T = forest.T;
          const Rows<Real> rows(B, T, size, numbers);
          Block<Real> dlogits(B, T);
          table.loss_backward({B, T, forest.data(), rows.logits.data(), rows.columns.data(),
                               weighted ? rows.weights.data() : nullptr, rows.scale.data(), dlogits.data(),
                               softened ? rows.soft_columns.data() : nullptr,
                               softened ? rows.positive_weight.data() : nullptr});
          const auto want = [&](std::size_t b, std::size_t i) {
            long double sum = 0;
            for (std::size_t t = 0; t < T; ++t) {
              const std::vector<std::size_t> tasks = path(forest, t);
              const int y = rows.label(b, t);
              if (y < 0 || std::find(tasks.begin(), tasks.end(), i) == tasks.end()) continue;
              const auto [yes, no] = log_probabilities(forest, rows.logits, b, t);
              const long double log_not_i = log_sigmoid(-static_cast<long double>(rows.logits.at(b, i)));
              // d(1 - p) / dl_i = -p sigma(-l_i)
              const long double target = rows.target(b, t, softened);
              const long double dlog =
                  target * std::exp(log_not_i) - (1 - target) * std::exp(yes + log_not_i - no);
              sum -= rows.scale[t] * rows.weight(b, t, weighted, softened) * dlog;
            }
            return sum;
          };
          check_close(dlogits, want, T, "dlogits B=" + std::to_string(B) + " T=" + std::to_string(T),
                      numbers);
        }
      }
    }
  }
}

TEST_CASE("gradient of the reference loss against central differences") {
  const Table<double>& kernels = table<double>(Isa::reference);
  for (const Forest& forest : forests()) {
    Numbers numbers(forest.T);
    const std::size_t B = 4, T = forest.T;
    Rows<double> rows(B, T, 3, numbers);
    Block<double> dlogits(B, T), probability(B, T);
    kernels.loss_backward({B, T, forest.data(), rows.logits.data(), rows.columns.data(), rows.weights.data(),
                           rows.scale.data(), dlogits.data()});
    const auto total = [&]() {
      std::vector<double> loss(T);
      kernels.loss_forward({B, T, forest.data(), rows.logits.data(), rows.columns.data(), rows.weights.data(),
                            probability.data(), loss.data()});
      double sum = 0;
      for (std::size_t t = 0; t < T; ++t) sum += rows.scale[t] * loss[t];
      return sum;
    };
    double worst = 0;
    for (std::size_t b = 0; b < B; ++b) {
      for (std::size_t t = 0; t < T; ++t) {
        const double kept = rows.logits.at(b, t), e = 1e-5;
        rows.logits.at(b, t) = kept + e;
        const double above = total();
        rows.logits.at(b, t) = kept - e;
        const double below = total();
        rows.logits.at(b, t) = kept;
        const double error = std::abs((above - below) / (2 * e) - dlogits.at(b, t));
        if (!(error <= worst)) worst = error;
      }
    }
    CHECK_MESSAGE(worst < 1e-8, "T=" << T << " worst " << worst << ", seed " << numbers.seed());
  }
}

TEST_CASE("soft labels that are the labels, and weights of 1, change no byte of a loss") {
  for (Isa isa : available_isas()) {
    for (const Forest& forest : forests()) {
      Numbers numbers(forest.T);
      const std::size_t B = 17, T = forest.T;
      Rows<float> rows(B, T, 20, numbers);
      const std::vector<double> ones(T, 1);
      for (std::size_t t = 0; t < T; ++t) {
        for (std::size_t b = 0; b < B; ++b) rows.soft[t][b] = rows.label(b, t);
      }
      Block<float> probability(B, T), dlogits(B, T), same_dlogits(B, T);
      Block<double> loss(1, T), same_loss(1, T);
      const Table<float>& kernels = table<float>(isa);
      const LossForward<float> forward = {B,
                                          T,
                                          forest.data(),
                                          rows.logits.data(),
                                          rows.columns.data(),
                                          rows.weights.data(),
                                          probability.data(),
                                          loss.data()};
      LossForward<float> soft_forward = forward;
      soft_forward.loss = same_loss.data();
      soft_forward.soft = rows.soft_columns.data();
      soft_forward.positive_weight = ones.data();
      kernels.loss_forward(forward);
      kernels.loss_forward(soft_forward);
      CHECK(loss.same_bytes(same_loss));
      const LossBackward<float> backward = {B,
                                            T,
                                            forest.data(),
                                            rows.logits.data(),
                                            rows.columns.data(),
                                            rows.weights.data(),
                                            rows.scale.data(),
                                            dlogits.data()};
      LossBackward<float> soft_backward = backward;
      soft_backward.dlogits = same_dlogits.data();
      soft_backward.soft = rows.soft_columns.data();
      soft_backward.positive_weight = ones.data();
      kernels.loss_backward(backward);
      kernels.loss_backward(soft_backward);
      CHECK(dlogits.same_bytes(same_dlogits));
    }
  }
}

TEST_CASE("a task with a scale of 0 has no gradient at all, and the others' add up to the whole") {
  for (Isa isa : available_isas()) {
    for (const Forest& forest : forests()) {
      Numbers numbers(forest.T);
      const std::size_t B = 17, T = forest.T;
      const Rows<float> rows(B, T, 20, numbers);
      Block<float> whole(B, T);
      const auto run = [&](const std::vector<double>& scale, Block<float>& dlogits) {
        table<float>(isa).loss_backward({B, T, forest.data(), rows.logits.data(), rows.columns.data(),
                                         rows.weights.data(), scale.data(), dlogits.data()});
      };
      run(rows.scale, whole);
      Block<double> sum(B, T);
      bool zero = true;
      for (std::size_t t = 0; t < T; ++t) {
        std::vector<double> scale(T, 0);
        scale[t] = rows.scale[t];
        Block<float> dlogits(B, T);
        run(scale, dlogits);
        const std::vector<std::size_t> tasks = path(forest, t);
        for (std::size_t b = 0; b < B; ++b) {
          for (std::size_t i = 0; i < T; ++i) {
            sum.at(b, i) += dlogits.at(b, i);
            const bool on_path = std::find(tasks.begin(), tasks.end(), i) != tasks.end();
            zero = zero && (on_path || dlogits.at(b, i) == 0);
          }
        }
      }
      CHECK(zero);
      check_close(
          whole, [&](auto b, auto i) { return sum.at(b, i); }, T, "T=" + std::to_string(T), numbers);
    }
  }
}

TEST_CASE("the loss of a row with a NaN is NaN") {
  for (Isa isa : available_isas()) {
    const float logits[] = {std::numeric_limits<float>::quiet_NaN(), 1};
    const std::size_t parents[] = {kNone, 0};
    for (std::int8_t y : {std::int8_t{0}, std::int8_t{1}}) {
      const std::int8_t* labels[] = {&y, &y};
      float probability[2];
      double loss[2] = {0, 0};
      table<float>(isa).loss_forward({1, 2, parents, logits, labels, nullptr, probability, loss});
      CHECK(std::isnan(loss[0]));
      CHECK(std::isnan(loss[1]));
    }
  }
}

DCRNN_OP_TEST(loss_forward);
DCRNN_OP_TEST(loss_backward);

}  // namespace dcrnn::kernels::test
