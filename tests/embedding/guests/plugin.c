/* A plugin of a host that knows nothing of the library. */
#include "small.h"

int score_in_plugin(void);

int score_in_plugin(void) {
  static float probabilities[ROWS * TASKS];
  dcrnn_model* model;
  dcrnn_scorer* scorer;
  if (make_model(&model) || make_scorer(model, 2, &scorer) || score_rows(scorer, probabilities)) return 1;
  dcrnn_scorer_free(scorer);
  dcrnn_model_free(model);
  return 0;
}
