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

/* threads: with 1 no other thread is ever made, 0 takes the processors this process can use; isa NULL or
 * "auto", "reference", "sse2", "avx2", "avx512". The model must outlive the scorer. One scorer serves one
 * thread at a time. */
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

/* ---- Whole tables. These structs begin with their size: set it to sizeof, all that you leave out to zero.
 */

/* One field of `count` rows; exactly one form is set:
 *   ids, ids and offsets, numbers   as in dcrnn_column
 *   integers                        a number, or for a field that takes words the text of its decimals
 *   text and text_offsets           cell b is text[text_offsets[b] .. text_offsets[b + 1]), as in a CSV file;
 *                                   text_offsets is [count + 1]
 *   codes, text, text_offsets       cell b is the word codes[b] of `words` words in `text`, empty where the
 *                                   code is -1; text_offsets is [words + 1] */
typedef struct dcrnn_array {
  size_t size;
  const char* field;
  const uint32_t* ids;
  const uint32_t* offsets;
  const double* numbers;
  const int64_t* integers;
  const int32_t* codes;
  const char* text;
  const int64_t* text_offsets;
  size_t words;
} dcrnn_array;

typedef struct dcrnn_table {
  size_t size;
  size_t count;
  const dcrnn_array* arrays;
  size_t array_count;
  const dcrnn_labels* labels; /* training and measuring only, else NULL */
  size_t label_count;
  const double* weights; /* [count] or NULL */
  const double* const*
      soft; /* NULL, or of each set of labels its soft labels [count], NaN = missing, or NULL */
} dcrnn_table;

/* Bytes, or text with a zero after its last byte, that a function makes. */
typedef struct dcrnn_bytes dcrnn_bytes;
DCRNN_EXPORT const char* dcrnn_bytes_data(const dcrnn_bytes* bytes);
DCRNN_EXPORT size_t dcrnn_bytes_size(const dcrnn_bytes* bytes);
DCRNN_EXPORT void dcrnn_bytes_free(dcrnn_bytes* bytes);

typedef struct dcrnn_progress {
  size_t size;
  const char* stage;    /* "reading", "counting", "training", "validating" */
  uint64_t done, total; /* rows */
  size_t epoch, epochs; /* from 1 */
  double loss;          /* mean of the epoch so far */
  double seconds;       /* since the stage or epoch began */
} dcrnn_progress;

typedef struct dcrnn_fit_job {
  size_t size;
  const char* config_json;
  const dcrnn_table* train;
  const dcrnn_table* valid; /* NULL: the last epoch is kept */
  const char* checkpoint;   /* NULL: none is written */
  int resume;               /* go on from the checkpoint; without one start afresh */
  int threads;              /* 0: the processors this process can use */
  const char* isa;          /* NULL: "auto" */
  /* Each may be NULL; all are called from the calling thread, with `user`. */
  int (*on_progress)(const dcrnn_progress* progress, void* user); /* 0 stops */
  void (*on_epoch)(const char* json, void* user);                 /* as a line of the log of `dcrnn train` */
  void (*on_note)(const char* note, void* user);
  void* user;
} dcrnn_fit_job;

/* Fits encoders and trains: the model that `dcrnn train` makes of the same rows, byte for byte. Stopped while
 * it trains, the best epoch so far, or without one what was reached. report (may be NULL): JSON with reason
 * ("finished", "early_stopping", "stopped"), best_epoch, epochs, rows_trained, seconds. */
DCRNN_EXPORT dcrnn_status dcrnn_fit(const dcrnn_fit_job* job, dcrnn_model** model, dcrnn_bytes** report,
                                    dcrnn_error* error);

/* What columns rows have for a config, as a JSON list in the order of Model::columns():
 * {"name": that of the dcrnn_array, "column": that in a CSV file, "type": "number", "category" or "bag",
 *  "words": true if some reader takes its cells as words, "separator": of a bag} */
DCRNN_EXPORT dcrnn_status dcrnn_columns(const char* config_json, dcrnn_bytes** json, dcrnn_error* error);

/* A fresh model with encoders made from rows; labels count for rate fields only. */
DCRNN_EXPORT dcrnn_status dcrnn_model_create_from_rows(const char* config_json, const dcrnn_table* rows,
                                                       dcrnn_model** model, dcrnn_error* error);
/* A model file in memory. */
DCRNN_EXPORT dcrnn_status dcrnn_model_from_bytes(const void* data, size_t size, dcrnn_model** model,
                                                 dcrnn_error* error);
DCRNN_EXPORT dcrnn_status dcrnn_model_to_bytes(const dcrnn_model* model, dcrnn_bytes** bytes,
                                               dcrnn_error* error);
/* Fields, tasks, tensors with their shapes, config: the JSON of `dcrnn inspect --json`. */
DCRNN_EXPORT dcrnn_status dcrnn_model_inspect(const dcrnn_model* model, dcrnn_bytes** json,
                                              dcrnn_error* error);
/* All `count` elements of one tensor. */
DCRNN_EXPORT dcrnn_status dcrnn_model_get_parameter(const dcrnn_model* model, const char* name, float* values,
                                                    size_t count, dcrnn_error* error);
DCRNN_EXPORT dcrnn_status dcrnn_model_set_parameter(dcrnn_model* model, const char* name, const float* values,
                                                    size_t count, dcrnn_error* error);

/* For another thread; the packed weights are shared. */
DCRNN_EXPORT dcrnn_status dcrnn_scorer_clone(const dcrnn_scorer* scorer, dcrnn_scorer** clone,
                                             dcrnn_error* error);
DCRNN_EXPORT dcrnn_status dcrnn_scorer_score_table(dcrnn_scorer* scorer, const dcrnn_table* rows,
                                                   float* probabilities, float* logits, dcrnn_error* error);
DCRNN_EXPORT dcrnn_status dcrnn_model_refresh_table(dcrnn_model* model, const dcrnn_table* rows, int again,
                                                    dcrnn_error* error);
DCRNN_EXPORT dcrnn_status dcrnn_trainer_step_table(dcrnn_trainer* trainer, const dcrnn_table* rows,
                                                   double* loss, dcrnn_error* error);

/* Metrics on labelled rows: the JSON of `dcrnn eval --json`. batch: rows scored at a time. */
DCRNN_EXPORT dcrnn_status dcrnn_evaluate(const dcrnn_model* model, const dcrnn_table* rows, size_t batch,
                                         int threads, const char* isa, dcrnn_bytes** json,
                                         dcrnn_error* error);
/* The rows as the network takes them: the bytes of a safetensors file with <field>.ids U32 and, of a bag,
 * <field>.offsets U32 [count + 1], or of a plain number <field>.values F64 [count]. */
DCRNN_EXPORT dcrnn_status dcrnn_encode(const dcrnn_model* model, const dcrnn_table* rows,
                                       dcrnn_bytes** encoded, dcrnn_error* error);
/* The trace of docs/trace.md: the bytes of a safetensors file. gradients: also of every value between x0 and
 * the logits. */
DCRNN_EXPORT dcrnn_status dcrnn_trace(const dcrnn_model* model, const dcrnn_table* rows, int in_double,
                                      int gradients, int threads, const char* isa, dcrnn_bytes** trace,
                                      dcrnn_error* error);
/* elements: per tensor, 0 = all. The JSON of `dcrnn gradcheck --json`. */
DCRNN_EXPORT dcrnn_status dcrnn_gradcheck(const char* config_json, uint64_t seed, size_t rows,
                                          size_t elements, dcrnn_bytes** json, dcrnn_error* error);

/* A row of a comparison: the name of one of docs/compare.md, or of a row of one's own, which has a config or
 * predictions made elsewhere. */
typedef struct dcrnn_compare_row {
  size_t size;
  const char* name;
  const char* config_json; /* NULL: that of the row of this name */
  const char* const*
      files; /* predictions: CSV as `dcrnn predict` writes it, one or one for each seed; or NULL */
  size_t file_count;
} dcrnn_compare_row;

typedef struct dcrnn_compare_progress {
  size_t size;
  const char* stage;   /* "training"; of the test data "reading" and "validating" */
  size_t done, models; /* finished, and all that are trained; 0 in the other stages */
  double share;        /* of the stage's work, from 0 to 1 */
} dcrnn_compare_progress;

typedef struct dcrnn_compare_job {
  size_t size;
  const char* config_json;
  const char* const* train; /* CSV files */
  size_t train_count;
  const char* const* valid;
  size_t valid_count;
  const char* const* test;
  size_t test_count;
  const dcrnn_compare_row* rows; /* where none is trained, all rows are */
  size_t row_count;
  const char* equal; /* NULL: "parameters"; "flops", "none" */
  size_t seeds;      /* 0: 5 */
  size_t search;     /* settings that each row is tried with beside the config's */
  const char* out;   /* directory of models, cache, table.json and table.csv */
  int threads;       /* 0: the processors this process can use */
  const char* isa;   /* NULL: "auto" */
  /* Each may be NULL; all are called with `user`, by any of the threads, one at a time. */
  int (*on_progress)(const dcrnn_compare_progress* progress, void* user); /* 0 stops */
  void (*on_note)(const char* note, void* user);
  void* user;
} dcrnn_compare_job;

/* The comparison of `dcrnn compare`; the same job goes on where it was stopped (DCRNN_STOPPED). json: its
 * table.json. */
DCRNN_EXPORT dcrnn_status dcrnn_compare(const dcrnn_compare_job* job, dcrnn_bytes** json, dcrnn_error* error);

#ifdef __cplusplus
}
#endif

#endif
