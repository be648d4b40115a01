#include "model/combination.hpp"

#include <algorithm>
#include <cmath>

namespace dcrnn::model {

void compare_gradients(const double* gram, std::size_t T, double* norm, double* cosine) {
  for (std::size_t t = 0; t < T; ++t) norm[t] = std::sqrt(gram[t * T + t]);
  for (std::size_t t = 0; t < T; ++t) {
    for (std::size_t u = 0; u < T; ++u) {
      const bool defined = norm[t] > 0 && norm[u] > 0;
      const double between = t == u ? 1.0 : gram[t * T + u] / (norm[t] * norm[u]);
      cosine[t * T + u] = defined ? between : 0.0;
    }
  }
}

void project_conflicts(const double* gram, std::size_t T, std::uint64_t step, double* p, double* weight) {
  std::fill_n(weight, T, 0.0);
  for (std::size_t i = 0; i < T; ++i) {
    // 1. p = g_i, as a combination of all g
    std::fill_n(p, T, 0.0);
    p[i] = 1;
    for (std::size_t k = 0; k + 1 < T; ++k) {
      const std::size_t j = (i + 1 + (k + static_cast<std::size_t>(step % (T - 1))) % (T - 1)) % T;
      // 2. d = p . g_j
      double d = 0;
      for (std::size_t m = 0; m < T; ++m) d += p[m] * gram[m * T + j];
      // 3. if d < 0: p <- p - (d / |g_j|^2) g_j
      if (d < 0) p[j] -= d / gram[j * T + j];
    }
    // 4. the sum of all p
    for (std::size_t j = 0; j < T; ++j) weight[j] += p[j];
  }
}

}  // namespace dcrnn::model
