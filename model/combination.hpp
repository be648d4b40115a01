// How the tasks' gradients become the one that shared parameters learn from. Derivation: docs/pcgrad.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dcrnn::model {

enum class Combination { sum, pcgrad };

/// What the gradients g_t of T tasks have to do with each other, from their inner products `gram` [T, T]:
/// norm [T] and cosine [T, T], 0 where a norm is 0.
void compare_gradients(const double* gram, std::size_t T, double* norm, double* cosine);

/// pcgrad: for each i, p_i = g_i without its parts against each g_j, one j after the other in an order that
/// turns with `step`. Writes weight [T]: the sum of all p_i is that of weight[j] g_j. `p` [T] is scratch.
void project_conflicts(const double* gram, std::size_t T, std::uint64_t step, double* p, double* weight);

}  // namespace dcrnn::model
