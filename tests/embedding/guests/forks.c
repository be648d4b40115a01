/* Scores with two threads, forks, scores in the child and in the child of the child: a server that preloads.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "small.h"

static float before[ROWS * TASKS], after[ROWS * TASKS];

/* Scores, and lets `generations` more processes do so; 0 if all got the same numbers. */
static int score_in_children(dcrnn_scorer* scorer, int generations) {
  if (generations == 0) return 0;
  const pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    alarm(20);
    const int failed = score_rows(scorer, after) || memcmp(before, after, sizeof before) != 0;
    _exit(failed || score_in_children(scorer, generations - 1));
  }
  int how = 0;
  return waitpid(child, &how, 0) != child || how != 0;
}

int main(void) {
  dcrnn_model* model;
  dcrnn_scorer* scorer;
  if (make_model(&model) || make_scorer(model, 2, &scorer) || score_rows(scorer, before)) return 1;
  if (score_in_children(scorer, 2))
    return fprintf(stderr, "a child hung, failed or found other numbers\n"), 1;
  if (score_rows(scorer, after) || memcmp(before, after, sizeof before) != 0) return 1;
  dcrnn_scorer_free(scorer);
  dcrnn_model_free(model);
  return 0;
}
