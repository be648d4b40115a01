// A host that scores inside its own parallel region, nested ones allowed, each thread with a scorer of its
// own.
#include <omp.h>

#include <atomic>
#include <vector>

#include "small.h"

int main() {
  dcrnn_model* model = nullptr;
  dcrnn_scorer* one = nullptr;
  std::vector<float> alone(ROWS * TASKS);
  if (make_model(&model) != 0 || make_scorer(model, 1, &one) != 0 || score_rows(one, alone.data()) != 0)
    return 1;
  omp_set_max_active_levels(2);
  std::atomic<int> failed{0};
#pragma omp parallel num_threads(3)
  {
    dcrnn_scorer* two = nullptr;
    std::vector<float> inside(ROWS * TASKS);
    const bool same =
        make_scorer(model, 2, &two) == 0 && score_rows(two, inside.data()) == 0 && inside == alone;
    if (!same) ++failed;
    dcrnn_scorer_free(two);
  }
  dcrnn_scorer_free(one);
  dcrnn_model_free(model);
  return failed;
}
