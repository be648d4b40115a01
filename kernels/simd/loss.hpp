// Probabilities, losses and their gradient, in double on vectors of rows; see kernels/reference/loss.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/limits.hpp"
#include "kernels/simd/rows.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

/// What stands for "no parent".
template <class A>
inline constexpr std::size_t kRoot = static_cast<std::size_t>(-1);

/// min(x, 0), or NaN.
template <class A>
Rows<A> not_above_zero(const Rows<A>& x) {
  return xsimd::select(x > Rows<A>(0.0), Rows<A>(0.0), x);
}

/// log sigma(x) and log sigma(-x).
template <class A>
struct LogSigmoid {
  Rows<A> yes, no;

  explicit LogSigmoid(const Rows<A>& x) {
    const Rows<A> small = xsimd::log1p(xsimd::exp(-xsimd::abs(x)));
    yes = not_above_zero<A>(x) - small;
    no = not_above_zero<A>(-x) - small;
  }
};

/// log(exp(a) + exp(b)).
template <class A>
Rows<A> log_add(const Rows<A>& a, const Rows<A>& b) {
  return xsimd::select(a > b, a, b) + xsimd::log1p(xsimd::exp(-xsimd::abs(a - b)));
}

/// log sigma(l) and log sigma(-l) of every task's logit, for `count` rows from `first` on; of 0 in lanes
/// without a row.
template <class A>
struct LogSigmoids {
  Rows<A> yes[kMaxTasks], no[kMaxTasks];

  LogSigmoids(const float* first, std::size_t T, std::size_t count) {
    for (std::size_t t = 0; t < T; ++t) {
      const LogSigmoid<A> logit(load_rows<A>(first + t, T, count));
      yes[t] = logit.yes;
      no[t] = logit.no;
    }
  }
};

/// log p and log(1 - p) of a task.
template <class A>
struct LogProbability {
  Rows<A> yes, no;

  LogProbability(const LogSigmoids<A>& logits, const std::size_t* parents, std::size_t task)
      : yes(logits.yes[task]), no(logits.no[task]) {
    for (std::size_t j = parents != nullptr ? parents[task] : kRoot<A>; j != kRoot<A>; j = parents[j]) {
      no = not_above_zero<A>(log_add<A>(logits.no[j], logits.yes[j] + no));
      yes = yes + logits.yes[j];
    }
  }
};

/// Label of row b for a task; -1 where it is missing.
template <class A>
int label(const std::int8_t* const* labels, std::size_t task, std::size_t b) {
  return labels != nullptr && labels[task] != nullptr ? labels[task][b] : -1;
}

/// w' of row b, whose label for a task is y.
template <class A, class Op>
double row_weight(const Op& p, std::size_t task, std::size_t b, int y) {
  const double weight = p.weights != nullptr ? p.weights[b] : 1.0;
  return y == 1 && p.positive_weight != nullptr ? p.positive_weight[task] * weight : weight;
}

/// y' yes + (1 - y') no for row b, whose label for a task is y.
template <class A, class Op>
double expected(const Op& p, std::size_t task, std::size_t b, int y, double yes, double no) {
  if (p.soft == nullptr || p.soft[task] == nullptr) return y == 1 ? yes : no;
  const double soft = p.soft[task][b];
  return soft * yes + (1 - soft) * no;
}

template <class A>
void loss_forward(const LossForward<float>& p) {
  constexpr std::size_t kRows = kLanes<A, double>;
  for (std::size_t b0 = 0; b0 < p.B; b0 += kRows) {
    const std::size_t count = std::min(kRows, p.B - b0);
    const LogSigmoids<A> logits(p.logits + b0 * p.T, p.T, count);
    for (std::size_t t = 0; t < p.T; ++t) {
      const LogProbability<A> log_p(logits, p.parents, t);
      alignas(64) double probability[kRows], yes[kRows], no[kRows];
      xsimd::exp(log_p.yes).store_aligned(probability);
      log_p.yes.store_aligned(yes);
      log_p.no.store_aligned(no);
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t b = b0 + i;
        p.probability[b * p.T + t] = static_cast<float>(probability[i]);
        const int y = label<A>(p.labels, t, b);
        if (y < 0) continue;
        const double weight = row_weight<A>(p, t, b, y);
        p.loss[t] -= weight * expected<A>(p, t, b, y, yes[i], no[i]);
      }
    }
  }
}

template <class A>
void loss_backward(const LossBackward<float>& p) {
  constexpr std::size_t kRows = kLanes<A, double>;
  for (std::size_t b0 = 0; b0 < p.B; b0 += kRows) {
    const std::size_t count = std::min(kRows, p.B - b0);
    const LogSigmoids<A> logits(p.logits + b0 * p.T, p.T, count);
    alignas(64) double dlogit[kMaxTasks][kRows] = {};
    for (std::size_t t = 0; t < p.T; ++t) {
      const LogProbability<A> log_p(logits, p.parents, t);
      for (std::size_t i = t; i != kRoot<A>; i = p.parents != nullptr ? p.parents[i] : kRoot<A>) {
        alignas(64) double yes[kRows], no[kRows];
        xsimd::exp(logits.no[i]).store_aligned(yes);
        (-xsimd::exp(not_above_zero<A>(log_p.yes + logits.no[i] - log_p.no))).store_aligned(no);
        for (std::size_t row = 0; row < count; ++row) {
          const std::size_t b = b0 + row;
          const int y = label<A>(p.labels, t, b);
          if (y < 0) continue;
          const double weight = row_weight<A>(p, t, b, y);
          dlogit[i][row] -= p.scale[t] * weight * expected<A>(p, t, b, y, yes[row], no[row]);
        }
      }
    }
    for (std::size_t row = 0; row < count; ++row) {
      for (std::size_t i = 0; i < p.T; ++i) {
        p.dlogits[(b0 + row) * p.T + i] = static_cast<float>(dlogit[i][row]);
      }
    }
  }
}

/// Probabilities of independent tasks, and what they lack to 1, for `count` rows from `first` on.
template <class A>
struct Sigmoids {
  Rows<A> yes[kMaxTasks], no[kMaxTasks];

  Sigmoids(const float* first, std::size_t T, std::size_t count) {
    const Rows<A> one(1.0);
    for (std::size_t t = 0; t < T; ++t) {
      const Rows<A> logit = load_rows<A>(first + t, T, count);
      const Rows<A> small = xsimd::exp(-xsimd::abs(logit)), larger = one / (one + small);
      const auto negative = logit < Rows<A>(0.0);
      yes[t] = xsimd::select(negative, small * larger, larger);
      no[t] = xsimd::select(negative, larger, small * larger);
    }
  }
};

template <class A>
void calibrator_forward(const CalibratorForward<float>& p) {
  constexpr std::size_t kRows = kLanes<A, double>;
  for (std::size_t b0 = 0; b0 < p.B; b0 += kRows) {
    const std::size_t count = std::min(kRows, p.B - b0);
    const Sigmoids<A> sigma(p.logits + b0 * p.T, p.T, count);
    for (std::size_t t = 0; t < p.T; ++t) {
      if (p.parents[t] == kRoot<A>) continue;
      alignas(64) double above[kRows];
      (sigma.yes[t] - sigma.yes[p.parents[t]]).store_aligned(above);
      for (std::size_t i = 0; i < count; ++i) {
        const double weight = p.weights != nullptr ? p.weights[b0 + i] : 1.0;
        p.excess[t] += weight * (above[i] < 0 ? 0 : above[i]);
      }
    }
  }
}

template <class A>
void calibrator_backward(const CalibratorBackward<float>& p) {
  constexpr std::size_t kRows = kLanes<A, double>;
  for (std::size_t b0 = 0; b0 < p.B; b0 += kRows) {
    const std::size_t count = std::min(kRows, p.B - b0);
    const Sigmoids<A> sigma(p.logits + b0 * p.T, p.T, count);
    const Rows<A> zero(0.0);
    Rows<A> sum[kMaxTasks];  // of the scales with which a logit counts
    for (std::size_t t = 0; t < p.T; ++t) sum[t] = zero;
    for (std::size_t t = 0; t < p.T; ++t) {
      const std::size_t parent = p.parents[t];
      if (parent == kRoot<A>) continue;
      const Rows<A> scale = xsimd::select(sigma.yes[t] > sigma.yes[parent], Rows<A>(p.scale[t]), zero);
      sum[t] = sum[t] + scale;
      sum[parent] = sum[parent] - scale;
    }
    for (std::size_t t = 0; t < p.T; ++t) {
      alignas(64) double gradient[kRows];
      (sum[t] * (sigma.yes[t] * sigma.no[t])).store_aligned(gradient);
      for (std::size_t i = 0; i < count; ++i) {
        const double weight = p.weights != nullptr ? p.weights[b0 + i] : 1.0;
        float& dlogit = p.dlogits[(b0 + i) * p.T + t];
        dlogit = static_cast<float>(static_cast<double>(dlogit) + weight * gradient[i]);
      }
    }
  }
}

}  // namespace dcrnn::kernels::simd
