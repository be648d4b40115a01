/* A host with another rounding mode: it keeps it, and all goes well in it. */
#include <fenv.h>
#include <math.h>

#include "small.h"

static float nearest[ROWS * TASKS], upward[ROWS * TASKS];

int main(void) {
  dcrnn_model* model;
  dcrnn_scorer* scorer;
  if (make_model(&model) || make_scorer(model, 1, &scorer) || score_rows(scorer, nearest)) return 1;
  if (fesetround(FE_UPWARD) != 0) return 1;
  if (score_rows(scorer, upward) || fegetround() != FE_UPWARD) return 1;
  fesetround(FE_TONEAREST);
  for (int i = 0; i < ROWS * TASKS; ++i) {
    if (!(fabsf(nearest[i] - upward[i]) <= 1e-5F)) return 1;
  }
  dcrnn_scorer_free(scorer);
  dcrnn_model_free(model);
  return 0;
}
