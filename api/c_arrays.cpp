// The C functions on arrays: training, scoring and measuring whole tables, models as bytes, facts as JSON.
#include <algorithm>
#include <span>

#include "api/c_api.hpp"
#include "api/columns_json.hpp"
#include "api/report_json.hpp"
#include "dcrnn/arrays.hpp"
#include "train/config.hpp"

using namespace dcrnn::api;

namespace {

using dcrnn::ErrorCode;

void give(std::string content, dcrnn_bytes** to) {
  *to = new dcrnn_bytes{std::move(content)};
}

void give(const std::vector<std::byte>& content, dcrnn_bytes** to) {
  give(std::string(reinterpret_cast<const char*>(content.data()), content.size()), to);
}

/// The callbacks of a job in C++.
void take_callbacks(const dcrnn_fit_job& from, dcrnn::RowsFitJob& job) {
  void* const user = from.user;
  if (const auto call = from.on_progress; call != nullptr) {
    job.progress = [call, user](const dcrnn::JobProgress& now) {
      const std::string stage(now.stage);
      const dcrnn_progress progress = {sizeof(dcrnn_progress),
                                       stage.c_str(),
                                       now.done,
                                       now.total,
                                       now.epoch,
                                       now.epochs,
                                       now.loss,
                                       now.seconds};
      return call(&progress, user) != 0;
    };
  }
  if (const auto call = from.on_epoch; call != nullptr) {
    job.on_epoch = [call, user](const dcrnn::EpochSummary& summary) {
      call(epoch_json(summary).dump().c_str(), user);
    };
  }
  if (const auto call = from.on_note; call != nullptr) {
    job.on_note = [call, user](const std::string& note) { call(note.c_str(), user); };
  }
}

}  // namespace

const char* dcrnn_bytes_data(const dcrnn_bytes* bytes) {
  return bytes == nullptr ? nullptr : bytes->content.c_str();
}

size_t dcrnn_bytes_size(const dcrnn_bytes* bytes) {
  return bytes == nullptr ? 0 : bytes->content.size();
}

void dcrnn_bytes_free(dcrnn_bytes* bytes) {
  delete bytes;
}

dcrnn_status dcrnn_fit(const dcrnn_fit_job* job, dcrnn_model** model, dcrnn_bytes** report,
                       dcrnn_error* error) {
  return run(error, [&] {
    clear(model, "model");
    if (report != nullptr) *report = nullptr;
    need(job, "job");
    const dcrnn_fit_job from = known_part(job, sizeof(dcrnn_fit_job), "job");
    need(from.config_json, "job.config_json");
    need(from.train, "job.train");
    RowsView train, valid;
    dcrnn::RowsFitJob to;
    to.config_json = from.config_json;
    to.train = train(*from.train);
    if (from.valid != nullptr) to.valid = valid(*from.valid);
    if (from.checkpoint != nullptr) to.checkpoint = from.checkpoint;
    to.resume = from.resume != 0;
    to.compute = options_of(from.threads, from.isa);
    take_callbacks(from, to);
    dcrnn::RowsFit fit = value_of(dcrnn::fit_rows(to));
    if (report != nullptr) give(to_json(fit.report).dump(), report);
    *model = new_model(std::move(fit.model));
  });
}

dcrnn_status dcrnn_columns(const char* config_json, dcrnn_bytes** json, dcrnn_error* error) {
  return run(error, [&] {
    clear(json, "json");
    need(config_json, "config_json");
    give(columns_json(dcrnn::parse_config(config_json, "config").model).dump(), json);
  });
}

dcrnn_status dcrnn_model_create_from_rows(const char* config_json, const dcrnn_table* rows,
                                          dcrnn_model** model, dcrnn_error* error) {
  return run(error, [&] {
    clear(model, "model");
    need(config_json, "config_json");
    need(rows, "rows");
    RowsView view;
    *model = new_model(value_of(dcrnn::Model::create(config_json, view(*rows))));
  });
}

dcrnn_status dcrnn_model_from_bytes(const void* data, size_t size, dcrnn_model** model, dcrnn_error* error) {
  return run(error, [&] {
    clear(model, "model");
    need(data, "data");
    const std::span bytes(static_cast<const std::byte*>(data), size);
    *model = new_model(value_of(dcrnn::Model::from_bytes(bytes)));
  });
}

dcrnn_status dcrnn_model_to_bytes(const dcrnn_model* model, dcrnn_bytes** bytes, dcrnn_error* error) {
  return run(error, [&] {
    clear(bytes, "bytes");
    need(model, "model");
    give(value_of(model->model.to_bytes()), bytes);
  });
}

dcrnn_status dcrnn_model_inspect(const dcrnn_model* model, dcrnn_bytes** json, dcrnn_error* error) {
  return run(error, [&] {
    clear(json, "json");
    need(model, "model");
    give(to_json(model->model, value_of(dcrnn::inspect(model->model))).dump(), json);
  });
}

dcrnn_status dcrnn_model_get_parameter(const dcrnn_model* model, const char* name, float* values,
                                       size_t count, dcrnn_error* error) {
  return run(error, [&] {
    need(model, "model");
    need(name, "name");
    need(values, "values");
    for (const dcrnn::ParameterView& parameter : model->model.parameters()) {
      if (parameter.name != name) continue;
      if (parameter.values.size() != count) {
        dcrnn::fail(ErrorCode::usage,
                    "parameter " + dcrnn::in_quotes(name) + ": room for " + std::to_string(count) +
                        " values, want " + std::to_string(parameter.values.size()),
                    "dcrnn_model_inspect tells the counts");
      }
      std::copy(parameter.values.begin(), parameter.values.end(), values);
      return;
    }
    dcrnn::fail(ErrorCode::usage, "the model has no parameter " + dcrnn::in_quotes(name),
                "dcrnn_model_inspect lists them");
  });
}

dcrnn_status dcrnn_model_set_parameter(dcrnn_model* model, const char* name, const float* values,
                                       size_t count, dcrnn_error* error) {
  return run(error, [&] {
    need(model, "model");
    need(name, "name");
    need(values, "values");
    value_of(model->model.set_parameter(name, {values, count}));
  });
}

dcrnn_status dcrnn_scorer_clone(const dcrnn_scorer* scorer, dcrnn_scorer** clone, dcrnn_error* error) {
  return run(error, [&] {
    clear(clone, "clone");
    need(scorer, "scorer");
    *clone = new dcrnn_scorer{value_of(scorer->scorer.clone()), scorer->tasks, {}};
  });
}

dcrnn_status dcrnn_scorer_score_table(dcrnn_scorer* scorer, const dcrnn_table* rows, float* probabilities,
                                      float* logits, dcrnn_error* error) {
  return run(error, [&] {
    need(scorer, "scorer");
    need(rows, "rows");
    need(probabilities, "probabilities");
    const dcrnn::Rows view = scorer->view(*rows);
    const std::size_t values = dcrnn::checked_mul(view.count, scorer->tasks, "probabilities");
    value_of(scorer->scorer.score(view, {probabilities, values}, {logits, logits == nullptr ? 0 : values}));
  });
}

dcrnn_status dcrnn_model_refresh_table(dcrnn_model* model, const dcrnn_table* rows, int again,
                                       dcrnn_error* error) {
  return run(error, [&] {
    need(model, "model");
    need(rows, "rows");
    RowsView view;
    value_of(model->model.refresh(view(*rows), again != 0));
  });
}

dcrnn_status dcrnn_trainer_step_table(dcrnn_trainer* trainer, const dcrnn_table* rows, double* loss,
                                      dcrnn_error* error) {
  return run(error, [&] {
    need(trainer, "trainer");
    need(rows, "rows");
    const dcrnn::TrainStep step = value_of(trainer->trainer.step(trainer->view(*rows)));
    if (loss != nullptr) *loss = step.loss;
  });
}

dcrnn_status dcrnn_evaluate(const dcrnn_model* model, const dcrnn_table* rows, size_t batch, int threads,
                            const char* isa, dcrnn_bytes** json, dcrnn_error* error) {
  return run(error, [&] {
    clear(json, "json");
    need(model, "model");
    need(rows, "rows");
    RowsView view;
    const dcrnn::EvalReport report =
        value_of(dcrnn::evaluate_rows(model->model, view(*rows), batch, options_of(threads, isa)));
    give(to_json(report).dump(), json);
  });
}

dcrnn_status dcrnn_encode(const dcrnn_model* model, const dcrnn_table* rows, dcrnn_bytes** encoded,
                          dcrnn_error* error) {
  return run(error, [&] {
    clear(encoded, "encoded");
    need(model, "model");
    need(rows, "rows");
    RowsView view;
    give(value_of(dcrnn::encode_rows(model->model, view(*rows))), encoded);
  });
}

dcrnn_status dcrnn_trace(const dcrnn_model* model, const dcrnn_table* rows, int in_double, int gradients,
                         int threads, const char* isa, dcrnn_bytes** trace, dcrnn_error* error) {
  return run(error, [&] {
    clear(trace, "trace");
    need(model, "model");
    need(rows, "rows");
    RowsView view;
    dcrnn::TraceOptions options;
    options.precision = in_double != 0 ? dcrnn::Precision::f64 : dcrnn::Precision::f32;
    options.gradients = gradients != 0;
    give(value_of(dcrnn::trace_rows(model->model, view(*rows), options, options_of(threads, isa))), trace);
  });
}

dcrnn_status dcrnn_gradcheck(const char* config_json, uint64_t seed, size_t rows, size_t elements,
                             dcrnn_bytes** json, dcrnn_error* error) {
  return run(error, [&] {
    clear(json, "json");
    need(config_json, "config_json");
    give(to_json(value_of(dcrnn::gradcheck(config_json, "config", seed, rows, elements))).dump(), json);
  });
}
