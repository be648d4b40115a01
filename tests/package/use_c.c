/* Makes a model through the C API, as an outside C99 project would. */
#include <dcrnn/dcrnn.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  dcrnn_error error;
  dcrnn_model* model = NULL;
  if (dcrnn_model_create("{}", &model, &error) != DCRNN_USAGE || model != NULL) return 1;
  if (dcrnn_model_create("{\"fields\": [{\"name\": \"user\", \"type\": \"category\", \"encoding\": \"id\","
                         " \"size\": 3, \"dim\": 2}], \"tasks\": [{\"name\": \"click\"}]}",
                         &model, &error) != DCRNN_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  const int good =
      dcrnn_model_task_count(model) == 1 && strcmp(dcrnn_model_task_name(model, 0), "click") == 0;
  dcrnn_model_free(model);
  return good ? 0 : 1;
}
