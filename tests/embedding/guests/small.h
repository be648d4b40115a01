/* A small model and rows for it: what every guest of the library scores. */
#ifndef SMALL_H
#define SMALL_H

#include <dcrnn/dcrnn.h>
#include <stdio.h>

enum { ROWS = 4096, TASKS = 2 };

static int report(const dcrnn_error* error) {
  fprintf(stderr, "%s\n", error->message);
  return 1;
}

static int make_model(dcrnn_model** model) {
  const char* config =
      "{\"fields\": [{\"name\": \"user\", \"type\": \"category\", \"encoding\": \"id\", \"size\": 50, "
      "\"dim\": 4}],"
      " \"tasks\": [{\"name\": \"click\"}, {\"name\": \"buy\", \"after\": \"click\"}]}";
  dcrnn_error error;
  return dcrnn_model_create(config, model, &error) == DCRNN_OK ? 0 : report(&error);
}

static int make_scorer(const dcrnn_model* model, int threads, dcrnn_scorer** scorer) {
  dcrnn_error error;
  return dcrnn_scorer_create(model, threads, NULL, scorer, &error) == DCRNN_OK ? 0 : report(&error);
}

/* ROWS rows into probabilities [ROWS, TASKS]. */
static int score_rows(dcrnn_scorer* scorer, float* probabilities) {
  static uint32_t ids[ROWS];
  for (uint32_t i = 0; i < ROWS; ++i) ids[i] = i % 50;
  dcrnn_column user = {"user", ids, NULL, NULL, NULL};
  dcrnn_rows rows = {ROWS, &user, 1, NULL, 0, NULL};
  dcrnn_error error;
  return dcrnn_scorer_score(scorer, &rows, probabilities, NULL, &error) == DCRNN_OK ? 0 : report(&error);
}

#endif
