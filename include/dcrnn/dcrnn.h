/* The C99 API: load a model, score and train on arrays in memory. Handles are typed; every function that can
 * fail returns a dcrnn_status and, on failure, leaves a message in the dcrnn_error given (which may be NULL).
 * Nothing prints, exits, throws across this boundary or changes a setting of the host program. */
#ifndef DCRNN_DCRNN_H
#define DCRNN_DCRNN_H

#include <stddef.h>
#include <stdint.h>

#include "dcrnn/export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dcrnn_status {
  DCRNN_OK = 0,
  DCRNN_INTERNAL = 1,
  DCRNN_USAGE = 2,
  DCRNN_DATA = 3,
  DCRNN_MODEL = 4,
  DCRNN_IO = 5,
  DCRNN_MEMORY = 6,
  DCRNN_DIVERGED = 7,
  DCRNN_STOPPED = 130
} dcrnn_status;

/* Zero-terminated, truncated to fit. */
typedef struct dcrnn_error {
  char message[1024];
  char help[512];
} dcrnn_error;

typedef struct dcrnn_model dcrnn_model;
typedef struct dcrnn_scorer dcrnn_scorer;
typedef struct dcrnn_trainer dcrnn_trainer;

/* One field of `count` rows; exactly one form is set, the others are NULL:
 *   ids               rows of the embedding table (category, bucketed number)
 *   ids and offsets   a bag: the ids of row b are ids[offsets[b] .. offsets[b + 1]); offsets is [count + 1],
 *                     begins with 0 and never falls, ids is [offsets[count]]
 *   numbers           raw numbers, NaN = missing
 *   text              zero-terminated cells as in a CSV file */
typedef struct dcrnn_column {
  const char* field;
  const uint32_t* ids;
  const uint32_t* offsets;
  const double* numbers;
  const char* const* text;
} dcrnn_column;

/* Labels of one task: 0, 1, or -1 where missing; [count]. */
typedef struct dcrnn_labels {
  const char* task;
  const int8_t* values;
} dcrnn_labels;

typedef struct dcrnn_rows {
  size_t count;
  const dcrnn_column* columns;
  size_t column_count;
  const dcrnn_labels* labels; /* training only, else NULL */
  size_t label_count;
  const double* weights; /* [count] or NULL */
} dcrnn_rows;

DCRNN_EXPORT const char* dcrnn_version(void);

DCRNN_EXPORT dcrnn_status dcrnn_model_create(const char* config_json, dcrnn_model** model,
                                             dcrnn_error* error);
DCRNN_EXPORT dcrnn_status dcrnn_model_load(const char* path, dcrnn_model** model, dcrnn_error* error);
DCRNN_EXPORT dcrnn_status dcrnn_model_save(const dcrnn_model* model, const char* path, dcrnn_error* error);
/* Adds labelled rows to the tables of the rate fields. DCRNN_DATA if they are there already and `again` is 0;
 * DCRNN_USAGE without rate fields. Scorers made before keep their tables. */
DCRNN_EXPORT dcrnn_status dcrnn_model_refresh(dcrnn_model* model, const dcrnn_rows* rows, int again,
                                              dcrnn_error* error);
/* Number of tasks T; the name of task t, owned by the model, or NULL. */
DCRNN_EXPORT size_t dcrnn_model_task_count(const dcrnn_model* model);
DCRNN_EXPORT const char* dcrnn_model_task_name(const dcrnn_model* model, size_t t);
/* NULL is allowed. */
DCRNN_EXPORT void dcrnn_model_free(dcrnn_model* model);

/* threads >= 1; isa NULL or "auto", "reference", "sse2", "avx2", "avx512". The model must outlive the scorer.
 * One scorer serves one thread at a time. */
DCRNN_EXPORT dcrnn_status dcrnn_scorer_create(const dcrnn_model* model, int threads, const char* isa,
                                              dcrnn_scorer** scorer, dcrnn_error* error);
/* probabilities [count, T]; logits [count, T] or NULL. */
DCRNN_EXPORT dcrnn_status dcrnn_scorer_score(dcrnn_scorer* scorer, const dcrnn_rows* rows,
                                             float* probabilities, float* logits, dcrnn_error* error);
DCRNN_EXPORT void dcrnn_scorer_free(dcrnn_scorer* scorer);

/* total_steps places the schedule of the rate; 0: no warm-up and no end. The model must outlive the trainer.
 */
DCRNN_EXPORT dcrnn_status dcrnn_trainer_create(dcrnn_model* model, size_t total_steps, int threads,
                                               const char* isa, dcrnn_trainer** trainer, dcrnn_error* error);
/* Likewise, with the heads first put at base_rates [T], from 0 to 1: the share of positives of every task in
 * the data to come; with probability chain, of a task after another, among the positives of its parent. */
DCRNN_EXPORT dcrnn_status dcrnn_trainer_create_at_rates(dcrnn_model* model, const double* base_rates,
                                                        size_t total_steps, int threads, const char* isa,
                                                        dcrnn_trainer** trainer, dcrnn_error* error);
/* loss may be NULL. */
DCRNN_EXPORT dcrnn_status dcrnn_trainer_step(dcrnn_trainer* trainer, const dcrnn_rows* rows, double* loss,
                                             dcrnn_error* error);
DCRNN_EXPORT void dcrnn_trainer_free(dcrnn_trainer* trainer);

#ifdef __cplusplus
}
#endif

#endif
