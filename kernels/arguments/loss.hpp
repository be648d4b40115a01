// Arguments of probabilities, losses and their gradient. See kernels/table.hpp for letters and rules.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/limits.hpp"

namespace dcrnn::kernels {

/// Probabilities and losses of B rows (docs/loss.md), computed in double; T <= kMaxTasks. For row b and task
/// t with the path a_1 .. a_J = t (J = 1 unless chain) and logits l_j: S_j = sum over i <= j of log
/// sigma(l_i); log p = S_J; log(1 - p) = logsumexp over j of (S_{j-1} + log sigma(-l_j)).
template <class Real>
struct LossForward {
  std::size_t B, T;
  const std::size_t* parents;        ///< [T], (size_t)-1: none; null: independent
  const Real* logits;                ///< [B, T]
  const std::int8_t* const* labels;  ///< [T] arrays [B] of 0, 1 or -1 (missing), or null (all missing); null:
                                     ///< probabilities only
  const double* weights;             ///< [B] or null for 1
  Real* probability;                 ///< [B, T]
  double* loss;  ///< [T] += sum over labelled rows of w' * -(y' log p + (1 - y') log(1 - p))
  const double* const* soft = nullptr;      ///< [T] arrays [B] of y' in [0, 1], or null; null: y' = y
  const double* positive_weight = nullptr;  ///< [T] w' = it * weight where y = 1; null: w' = weight
};

/// dlogits [B, T] = sum over t of scale[t] * w' * d(-(y' log p + (1 - y') log(1 - p)))_t / dlogit. A scale of
/// 0 leaves a task out: it adds exactly 0.
template <class Real>
struct LossBackward {
  std::size_t B, T;
  const std::size_t* parents;
  const Real* logits;
  const std::int8_t* const* labels;
  const double* weights;
  const double* scale;  ///< [T] task weight / sum of the w' of its labelled rows, or 0
  Real* dlogits;
  const double* const* soft = nullptr;  ///< as in LossForward
  const double* positive_weight = nullptr;
};

/// How far a task's probability lies above its parent's, tasks being independent (p = sigma(logit)), in
/// double: excess[t] += sum over all rows, labelled or not, of weight * max(p_t - p_parent, 0); a task
/// without parent stays as it is.
template <class Real>
struct CalibratorForward {
  std::size_t B, T;
  const std::size_t* parents;  ///< [T], (size_t)-1: none
  const Real* logits;          ///< [B, T]
  const double* weights;       ///< [B] or null for 1
  double* excess;              ///< [T] +=
};

/// dlogits [B, T] += sum over t of scale[t] * weight[b] * d(max(p_t - p_parent, 0)) / dlogit, into the logits
/// of the task and of its parent; the derivative of max at 0 is 0.
template <class Real>
struct CalibratorBackward {
  std::size_t B, T;
  const std::size_t* parents;
  const Real* logits;
  const double* weights;
  const double* scale;  ///< [T] alpha / sum of the weights, or 0
  Real* dlogits;        ///< +=
};

}  // namespace dcrnn::kernels
