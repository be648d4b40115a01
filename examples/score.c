/* Trains a model a little, saves it, loads it again and scores, all in C99. */
#include <dcrnn/dcrnn.h>
#include <stdio.h>

static const char config[] =
    "{\"fields\": [{\"name\": \"user\", \"type\": \"category\", \"encoding\": \"id\", \"size\": 4, \"dim\": "
    "4},"
    "              {\"name\": \"word\", \"type\": \"bag\", \"encoding\": \"hash\", \"size\": 16, \"dim\": "
    "4}],"
    " \"tasks\": [{\"name\": \"click\"}],"
    " \"train\": {\"dropout\": 0, \"optimizer\": {\"kind\": \"adam\", \"rate\": 0.01}}}";

static int failed(const char* what, const dcrnn_error* error) {
  fprintf(stderr, "%s: %s\n%s\n", what, error->message, error->help);
  return 1;
}

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : "score_example.model";
  const uint32_t user[] = {0, 1, 2, 3};
  const char* const word[] = {"red|small", "blue", "", "blue|green"};
  const int8_t click[] = {0, 1, 0, 1};
  const dcrnn_column columns[] = {{"user", user, NULL, NULL, NULL}, {"word", NULL, NULL, NULL, word}};
  const dcrnn_labels labels[] = {{"click", click}};
  dcrnn_rows rows = {4, columns, 2, labels, 1, NULL};
  dcrnn_error error;
  dcrnn_model* model = NULL;
  dcrnn_trainer* trainer = NULL;
  dcrnn_scorer* scorer = NULL;
  double loss = 0;
  float probability[4];
  int i;

  if (dcrnn_model_create(config, &model, &error) != DCRNN_OK) return failed("create", &error);
  if (dcrnn_trainer_create(model, 0, 1, NULL, &trainer, &error) != DCRNN_OK) return failed("trainer", &error);
  for (i = 0; i < 200; ++i) {
    if (dcrnn_trainer_step(trainer, &rows, &loss, &error) != DCRNN_OK) return failed("step", &error);
  }
  dcrnn_trainer_free(trainer);
  if (dcrnn_model_save(model, path, &error) != DCRNN_OK) return failed("save", &error);
  dcrnn_model_free(model);

  if (dcrnn_model_load(path, &model, &error) != DCRNN_OK) return failed("load", &error);
  if (dcrnn_scorer_create(model, 1, NULL, &scorer, &error) != DCRNN_OK) return failed("scorer", &error);
  rows.labels = NULL;
  rows.label_count = 0;
  if (dcrnn_scorer_score(scorer, &rows, probability, NULL, &error) != DCRNN_OK)
    return failed("score", &error);
  printf("dcrnn %s, loss %.4f\n", dcrnn_version(), loss);
  for (i = 0; i < 4; ++i) {
    printf("user %u, \"%s\": %s %.3f\n", (unsigned)user[i], word[i], dcrnn_model_task_name(model, 0),
           (double)probability[i]);
    if ((probability[i] > 0.5F) != (click[i] == 1)) return 1;
  }
  dcrnn_scorer_free(scorer);
  dcrnn_model_free(model);
  return 0;
}
