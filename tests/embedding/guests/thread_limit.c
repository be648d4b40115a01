/* Wants eight threads where there is no memory for the stack of one. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "small.h"

static float alone[ROWS * TASKS], limited[ROWS * TASKS];

/* Bytes of address space in use; 0 if it cannot be found out. */
static unsigned long used_bytes(void) {
  unsigned long pages = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL) return 0;
  if (fscanf(file, "%lu", &pages) != 1) pages = 0;
  fclose(file);
  return pages * (unsigned long)sysconf(_SC_PAGESIZE);
}

int main(void) {
  dcrnn_model* model;
  dcrnn_scorer *one, *eight;
  if (make_model(&model) || make_scorer(model, 1, &one) || score_rows(one, alone)) return 1;
  const unsigned long used = used_bytes();
  if (used == 0) return 1;
  /* Enough for the scorer; a stack takes 8 MB. */
  const struct rlimit limit = {used + (6UL << 20), used + (6UL << 20)};
  if (setrlimit(RLIMIT_AS, &limit) != 0 || make_scorer(model, 8, &eight)) return 1;
  for (int i = 0; i < 3; ++i) {
    if (score_rows(eight, limited) || memcmp(alone, limited, sizeof alone) != 0) return 1;
  }
  dcrnn_scorer_free(eight);
  dcrnn_scorer_free(one);
  dcrnn_model_free(model);
  return 0;
}
