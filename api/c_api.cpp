#include "api/c_api.hpp"

#include <algorithm>
#include <cstring>

#include "dcrnn/files.hpp"

namespace dcrnn::api {

namespace {

template <std::size_t N>
void copy_text(const std::string& from, char (&to)[N]) {
  std::size_t size = std::min(from.size(), N - 1);
  while (size > 0 && size < from.size() && (static_cast<unsigned char>(from[size]) & 0xC0) == 0x80) --size;
  std::memcpy(to, from.data(), size);
  to[size] = '\0';
}

}  // namespace

void tell(const Error& from, dcrnn_error* error) {
  if (error == nullptr) return;
  copy_text(from.message, error->message);
  copy_text(from.help, error->help);
}

dcrnn_model* new_model(Model model) {
  std::vector<std::string> tasks = model.tasks();
  return new dcrnn_model{std::move(model), std::move(tasks)};
}

}  // namespace dcrnn::api

using namespace dcrnn::api;

const char* dcrnn_version(void) {
  return dcrnn::version();
}

dcrnn_status dcrnn_model_create(const char* config_json, dcrnn_model** model, dcrnn_error* error) {
  return run(error, [&] {
    clear(model, "model");
    need(config_json, "config_json");
    *model = new_model(value_of(dcrnn::Model::create(config_json)));
  });
}

dcrnn_status dcrnn_model_load(const char* path, dcrnn_model** model, dcrnn_error* error) {
  return run(error, [&] {
    clear(model, "model");
    need(path, "path");
    *model = new_model(value_of(dcrnn::Model::load(path)));
  });
}

dcrnn_status dcrnn_model_save(const dcrnn_model* model, const char* path, dcrnn_error* error) {
  return run(error, [&] {
    need(model, "model");
    need(path, "path");
    value_of(model->model.save(path));
  });
}

dcrnn_status dcrnn_model_refresh(dcrnn_model* model, const dcrnn_rows* rows, int again, dcrnn_error* error) {
  return run(error, [&] {
    need(model, "model");
    need(rows, "rows");
    RowsView view;
    value_of(model->model.refresh(view(*rows), again != 0));
  });
}

size_t dcrnn_model_task_count(const dcrnn_model* model) {
  return model == nullptr ? 0 : model->tasks.size();
}

const char* dcrnn_model_task_name(const dcrnn_model* model, size_t t) {
  return t < dcrnn_model_task_count(model) ? model->tasks[t].c_str() : nullptr;
}

void dcrnn_model_free(dcrnn_model* model) {
  delete model;
}

dcrnn_status dcrnn_scorer_create(const dcrnn_model* model, int threads, const char* isa,
                                 dcrnn_scorer** scorer, dcrnn_error* error) {
  return run(error, [&] {
    clear(scorer, "scorer");
    need(model, "model");
    auto made = value_of(dcrnn::Scorer::create(model->model, options_of(threads, isa)));
    *scorer = new dcrnn_scorer{std::move(made), model->tasks.size(), {}};
  });
}

dcrnn_status dcrnn_scorer_score(dcrnn_scorer* scorer, const dcrnn_rows* rows, float* probabilities,
                                float* logits, dcrnn_error* error) {
  return run(error, [&] {
    need(scorer, "scorer");
    need(rows, "rows");
    need(probabilities, "probabilities");
    const std::size_t values = dcrnn::checked_mul(rows->count, scorer->tasks, "probabilities");
    value_of(scorer->scorer.score(scorer->view(*rows), {probabilities, values},
                                  {logits, logits == nullptr ? 0 : values}));
  });
}

void dcrnn_scorer_free(dcrnn_scorer* scorer) {
  delete scorer;
}

dcrnn_status dcrnn_trainer_create(dcrnn_model* model, size_t total_steps, int threads, const char* isa,
                                  dcrnn_trainer** trainer, dcrnn_error* error) {
  return run(error, [&] {
    clear(trainer, "trainer");
    need(model, "model");
    auto made = value_of(dcrnn::Trainer::create(model->model, total_steps, options_of(threads, isa)));
    *trainer = new dcrnn_trainer{std::move(made), {}};
  });
}

dcrnn_status dcrnn_trainer_create_at_rates(dcrnn_model* model, const double* base_rates, size_t total_steps,
                                           int threads, const char* isa, dcrnn_trainer** trainer,
                                           dcrnn_error* error) {
  return run(error, [&] {
    clear(trainer, "trainer");
    need(model, "model");
    need(base_rates, "base_rates");
    auto made = value_of(dcrnn::Trainer::create(model->model, {base_rates, model->model.tasks().size()},
                                                total_steps, options_of(threads, isa)));
    *trainer = new dcrnn_trainer{std::move(made), {}};
  });
}

dcrnn_status dcrnn_trainer_step(dcrnn_trainer* trainer, const dcrnn_rows* rows, double* loss,
                                dcrnn_error* error) {
  return run(error, [&] {
    need(trainer, "trainer");
    need(rows, "rows");
    const dcrnn::TrainStep step = value_of(trainer->trainer.step(trainer->view(*rows)));
    if (loss != nullptr) *loss = step.loss;
  });
}

void dcrnn_trainer_free(dcrnn_trainer* trainer) {
  delete trainer;
}
