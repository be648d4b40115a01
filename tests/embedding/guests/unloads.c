/* Loads the plugin named on the command line, lets it score with two threads, unloads it, and lives on. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  for (int i = 0; i < 3; ++i) {
    void* plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL) return fprintf(stderr, "%s\n", dlerror()), 1;
    int (*score)(void);
    void* symbol = dlsym(plugin, "score_in_plugin");
    memcpy(&score, &symbol, sizeof score);
    if (symbol == NULL || score() != 0) return 1;
    if (dlclose(plugin) != 0) return 1;
    const struct timespec while_threads_wake = {0, 50000000};
    nanosleep(&while_threads_wake, NULL);
  }
  return 0;
}
