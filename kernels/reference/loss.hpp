// Probabilities, losses and their gradient (docs/loss.md), in double whatever Real is: [B, T] is small,
// and here small differences of large numbers decide.
//
// With the path a_1 .. a_J = t from the root and logits l_j, p = product of sigma(l_j). Its logarithm is a
// sum. 1 - p is the sum over j of (everything before j happened, j did not):
//   log(1 - p) = logsumexp over j of (S_{j-1} + log sigma(-l_j))
// which is evaluated here from the leaf up, as 1 - p_j.. = sigma(-l_j) + sigma(l_j) (1 - p_{j+1}..): parents
// are what is stored, and no step needs memory that grows with the path.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/reference/activation.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::reference {

/// What stands for "no parent".
inline constexpr std::size_t kRoot = static_cast<std::size_t>(-1);

/// log sigma(x), for any finite x.
inline double log_sigmoid(double x) {
  return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x)));
}

/// log(exp(a) + exp(b)).
inline double log_add(double a, double b) {
  return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

/// log p and log(1 - p) of a task.
struct LogProbability {
  double yes, no;
};

template <class Real>
LogProbability log_probability(const Real* logits, const std::size_t* parents, std::size_t task) {
  const double leaf = logits[task];
  LogProbability p = {log_sigmoid(leaf), log_sigmoid(-leaf)};
  for (std::size_t j = parents != nullptr ? parents[task] : kRoot; j != kRoot; j = parents[j]) {
    const double yes = log_sigmoid(logits[j]);
    p.no = std::min(log_add(log_sigmoid(-double{logits[j]}), yes + p.no), 0.0);
    p.yes += yes;
  }
  return p;
}

/// Label of row b for a task; -1 where it is missing.
inline int label(const std::int8_t* const* labels, std::size_t task, std::size_t b) {
  return labels != nullptr && labels[task] != nullptr ? labels[task][b] : -1;
}

/// w' of row b, whose label for a task is y.
template <class Op>
double row_weight(const Op& p, std::size_t task, std::size_t b, int y) {
  const double weight = p.weights != nullptr ? p.weights[b] : 1.0;
  return y == 1 && p.positive_weight != nullptr ? p.positive_weight[task] * weight : weight;
}

/// y' yes + (1 - y') no for row b, whose label for a task is y.
template <class Op>
double expected(const Op& p, std::size_t task, std::size_t b, int y, double yes, double no) {
  if (p.soft == nullptr || p.soft[task] == nullptr) return y == 1 ? yes : no;
  const double soft = p.soft[task][b];
  return soft * yes + (1 - soft) * no;
}

template <class Real>
void loss_forward(const LossForward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const Real* logits = p.logits + b * p.T;
    for (std::size_t t = 0; t < p.T; ++t) {
      // 1. log p = S_J and log(1 - p)
      const LogProbability log_p = log_probability(logits, p.parents, t);
      p.probability[b * p.T + t] = static_cast<Real>(std::exp(log_p.yes));

      // 2. loss_t += w' * -(y' log p + (1 - y') log(1 - p)), over labelled rows
      const int y = label(p.labels, t, b);
      if (y < 0) continue;
      const double weight = row_weight(p, t, b, y);
      p.loss[t] -= weight * expected(p, t, b, y, log_p.yes, log_p.no);
    }
  }
}

template <class Real>
void loss_backward(const LossBackward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const Real* logits = p.logits + b * p.T;
    for (std::size_t i = 0; i < p.T; ++i) {
      double dlogit = 0;
      for (std::size_t t = 0; t < p.T; ++t) {
        const int y = label(p.labels, t, b);
        std::size_t on_path = t;
        while (on_path != i && on_path != kRoot) on_path = p.parents != nullptr ? p.parents[on_path] : kRoot;
        if (y < 0 || on_path != i) continue;

        // 2. loss_t = scale * w' * -(y' log p + (1 - y') log(1 - p))
        // 1. d log p / d l_i = sigma(-l_i);  d log(1 - p) / d l_i = -p sigma(-l_i) / (1 - p)
        const LogProbability log_p = log_probability(logits, p.parents, t);
        const double log_not_i = log_sigmoid(-double{logits[i]});
        const double yes = std::exp(log_not_i);
        const double no = -std::exp(std::min(log_p.yes + log_not_i - log_p.no, 0.0));
        const double dlog = expected(p, t, b, y, yes, no);
        const double weight = row_weight(p, t, b, y);
        dlogit -= p.scale[t] * weight * dlog;
      }
      p.dlogits[b * p.T + i] = static_cast<Real>(dlogit);
    }
  }
}

template <class Real>
void calibrator_forward(const CalibratorForward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const Real* logits = p.logits + b * p.T;
    const double weight = p.weights != nullptr ? p.weights[b] : 1.0;
    for (std::size_t t = 0; t < p.T; ++t) {
      const std::size_t parent = p.parents[t];
      if (parent == kRoot) continue;

      // 1. excess_t += weight * max(sigma(l_t) - sigma(l_parent), 0)
      const double above = sigmoid(double{logits[t]}) - sigmoid(double{logits[parent]});
      p.excess[t] += weight * (above < 0 ? 0 : above);
    }
  }
}

template <class Real>
void calibrator_backward(const CalibratorBackward<Real>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const Real* logits = p.logits + b * p.T;
    const double weight = p.weights != nullptr ? p.weights[b] : 1.0;
    for (std::size_t i = 0; i < p.T; ++i) {
      // 1. excess_t = scale * weight * max(sigma(l_t) - sigma(l_parent), 0), in which l_i is that of a task
      //    and of its children's parent
      const auto is_above = [&](std::size_t t) {
        return p.parents[t] != kRoot && sigmoid(double{logits[t]}) > sigmoid(double{logits[p.parents[t]]});
      };
      double sum = is_above(i) ? p.scale[i] : 0;
      for (std::size_t t = 0; t < p.T; ++t) {
        if (p.parents[t] == i && is_above(t)) sum -= p.scale[t];
      }
      const double l = logits[i], slope = sigmoid(l) * sigmoid(-l);
      Real& dlogit = p.dlogits[b * p.T + i];
      dlogit = static_cast<Real>(dlogit + weight * sum * slope);
    }
  }
}

}  // namespace dcrnn::kernels::reference
