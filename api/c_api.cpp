#include <algorithm>
#include <cstring>

#include "api/model_impl.hpp"
#include "core/guard.hpp"
#include "dcrnn/dcrnn.h"
#include "dcrnn/files.hpp"

namespace {

using dcrnn::ErrorCode;

/// A caller's rows as the C++ API takes them; keeps its memory from call to call.
class RowsView {
 public:
  dcrnn::Rows operator()(const dcrnn_rows& rows) {
    check(rows.column_count == 0 || rows.columns != nullptr, "rows.columns");
    check(rows.label_count == 0 || rows.labels != nullptr, "rows.labels");
    columns_.clear();
    labels_.clear();
    text_.resize(std::max(text_.size(), rows.column_count));
    for (std::size_t i = 0; i < rows.column_count; ++i)
      columns_.push_back(column(rows.columns[i], rows.count, text_[i]));
    for (std::size_t i = 0; i < rows.label_count; ++i) {
      check(rows.labels[i].task != nullptr && rows.labels[i].values != nullptr, "labels");
      labels_.push_back({rows.labels[i].task, {rows.labels[i].values, rows.count}});
    }
    const std::size_t weights = rows.weights == nullptr ? 0 : rows.count;
    return {rows.count, columns_, labels_, {rows.weights, weights}};
  }

 private:
  static void check(bool good, const char* what) {
    if (!good) dcrnn::fail(ErrorCode::usage, std::string(what) + " is NULL", "see dcrnn.h");
  }

  static dcrnn::Column column(const dcrnn_column& from, std::size_t count,
                              std::vector<std::string_view>& text) {
    check(from.field != nullptr, "column.field");
    dcrnn::Column to;
    to.field = from.field;
    std::size_t ids = count;
    if (from.offsets != nullptr) {
      to.offsets = {from.offsets, count + 1};
      ids = from.offsets[count];
      check(ids == 0 || from.ids != nullptr, "column.ids");
    }
    if (from.ids != nullptr) to.ids = {from.ids, ids};
    if (from.numbers != nullptr) to.numbers = {from.numbers, count};
    if (from.text != nullptr) {
      text.clear();
      for (std::size_t b = 0; b < count; ++b) {
        check(from.text[b] != nullptr, "a text cell");
        text.emplace_back(from.text[b]);
      }
      to.text = text;
    }
    return to;
  }

  std::vector<dcrnn::Column> columns_;
  std::vector<dcrnn::Labels> labels_;
  std::vector<std::vector<std::string_view>> text_;
};

}  // namespace

struct dcrnn_model {
  dcrnn::Model model;
  std::vector<std::string> tasks;
};

struct dcrnn_scorer {
  dcrnn::Scorer scorer;
  std::size_t tasks;
  RowsView view;
};

struct dcrnn_trainer {
  dcrnn::Trainer trainer;
  RowsView view;
};

namespace {

template <std::size_t N>
void copy_text(const std::string& from, char (&to)[N]) {
  std::size_t size = std::min(from.size(), N - 1);
  while (size > 0 && size < from.size() && (static_cast<unsigned char>(from[size]) & 0xC0) == 0x80) --size;
  std::memcpy(to, from.data(), size);
  to[size] = '\0';
}

/// Runs f and hands its Error over.
template <class F>
dcrnn_status run(dcrnn_error* error, F&& f) noexcept {
  const dcrnn::Result<void> result = dcrnn::guard(std::forward<F>(f));
  if (error != nullptr) {
    copy_text(result.error().message, error->message);
    copy_text(result.error().help, error->help);
  }
  return result ? DCRNN_OK : static_cast<dcrnn_status>(result.error().code);
}

/// The value, or its Error thrown on to run().
template <class T>
T value_of(dcrnn::Result<T> result) {
  if (!result) throw dcrnn::Failure(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void need(const void* pointer, const char* name) {
  if (pointer == nullptr) dcrnn::fail(ErrorCode::usage, std::string(name) + " is NULL", "see dcrnn.h");
}

dcrnn::ComputeOptions options_of(int threads, const char* isa) {
  return {threads, isa == nullptr ? "auto" : isa};
}

dcrnn_model* new_model(dcrnn::Model model) {
  std::vector<std::string> tasks = model.tasks();
  return new dcrnn_model{std::move(model), std::move(tasks)};
}

}  // namespace

const char* dcrnn_version(void) {
  return dcrnn::version();
}

dcrnn_status dcrnn_model_create(const char* config_json, dcrnn_model** model, dcrnn_error* error) {
  return run(error, [&] {
    need(model, "model");
    *model = nullptr;
    need(config_json, "config_json");
    *model = new_model(value_of(dcrnn::Model::create(config_json)));
  });
}

dcrnn_status dcrnn_model_load(const char* path, dcrnn_model** model, dcrnn_error* error) {
  return run(error, [&] {
    need(model, "model");
    *model = nullptr;
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
    need(scorer, "scorer");
    *scorer = nullptr;
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
    need(trainer, "trainer");
    *trainer = nullptr;
    need(model, "model");
    auto made = value_of(dcrnn::Trainer::create(model->model, total_steps, options_of(threads, isa)));
    *trainer = new dcrnn_trainer{std::move(made), {}};
  });
}

dcrnn_status dcrnn_trainer_create_at_rates(dcrnn_model* model, const double* base_rates, size_t total_steps,
                                           int threads, const char* isa, dcrnn_trainer** trainer,
                                           dcrnn_error* error) {
  return run(error, [&] {
    need(trainer, "trainer");
    *trainer = nullptr;
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
