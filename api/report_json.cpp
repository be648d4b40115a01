#include "api/report_json.hpp"

#include <cmath>

#include "config/json_text.hpp"

namespace dcrnn::api {

Json number_json(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json();
}

namespace {

Json metrics(const TaskReport& task) {
  Json json = Json::object()
                  .with("auc", number_json(task.auc))
                  .with("logloss", number_json(task.logloss))
                  .with("ece", number_json(task.ece));
  if (task.chain_child) json["auc_given_parent"] = number_json(task.auc_given_parent);
  return json;
}

Json interference(const InterferenceReport& report) {
  Json norm = Json::object(), cosine = Json::object(), negative = Json::object();
  const std::size_t T = report.tasks.size();
  for (std::size_t t = 0; t < T; ++t) {
    Json cosines = Json::object(), negatives = Json::object();
    for (std::size_t u = 0; u < T; ++u) {
      cosines[report.tasks[u]] = number_json(report.cosine[t * T + u]);
      negatives[report.tasks[u]] = number_json(report.negative[t * T + u]);
    }
    norm[report.tasks[t]] = number_json(report.norm[t]);
    cosine[report.tasks[t]] = std::move(cosines);
    negative[report.tasks[t]] = std::move(negatives);
  }
  Json json = Json::object();
  json["norm"] = std::move(norm);
  json["cosine"] = std::move(cosine);
  json["negative"] = std::move(negative);
  return json;
}

Json tensors(const std::vector<TensorInfo>& from) {
  Json::List list;
  for (const TensorInfo& tensor : from) {
    list.push_back(Json::object()
                       .with("name", tensor.name)
                       .with("shape", tensor.shape)
                       .with("count", tensor.count)
                       .with("bytes", tensor.bytes));
  }
  return Json(std::move(list));
}

}  // namespace

Json epoch_json(const EpochSummary& summary) {
  Json json = Json::object()
                  .with("epoch", summary.epoch)
                  .with("seconds", summary.seconds)
                  .with("rows_per_second", summary.rows_per_second)
                  .with("loss", number_json(summary.loss));
  if (!summary.valid.empty()) {
    Json valid = Json::object();
    for (const TaskReport& task : summary.valid) valid[task.task] = metrics(task);
    json["valid"] = std::move(valid);
    json["best"] = summary.best;
  }
  if (summary.interference) json["interference"] = interference(*summary.interference);
  if (summary.members > 1) json["member"] = summary.member;
  return json;
}

Json to_json(const FitReport& report) {
  Json json = Json::object()
                  .with("reason", report.reason)
                  .with("best_epoch", report.best_epoch)
                  .with("epochs", report.epochs)
                  .with("rows_trained", report.rows_trained)
                  .with("seconds", report.seconds);
  if (report.best_epochs.size() > 1) json["best_epochs"] = report.best_epochs;
  return json;
}

Json to_json(const EvalReport& report) {
  Json tasks = Json::object();
  for (const TaskReport& task : report.tasks) {
    tasks[task.task] = metrics(task)
                           .with("positives", task.positives)
                           .with("rows", task.rows)
                           .with("mean_prediction", number_json(task.mean_prediction))
                           .with("mean_label", number_json(task.mean_label));
  }
  Json json = Json::object().with("rows", report.rows).with("tasks", std::move(tasks));
  if (!report.notes.empty()) json["notes"] = report.notes;
  return json;
}

Json to_json(const Model& model, const ModelInfo& info) {
  return Json::object()
      .with("fields", model.fields())
      .with("tasks", model.tasks())
      .with("parameters", tensors(info.parameters))
      .with("encoders", tensors(info.encoders))
      .with("parameter_count", info.parameter_count)
      .with("parameter_bytes", info.parameter_bytes)
      .with("forward_flops_per_row", info.forward_flops_per_row)
      .with("training_flops_per_row", info.training_flops_per_row)
      .with("checksum", info.checksum.empty() ? Json() : Json(info.checksum))
      .with("config", parse_json_text(info.config_json, "config"));
}

Json to_json(const GradcheckReport& report) {
  Json::List list;
  for (const GradcheckLine& line : report.tensors) {
    list.push_back(Json::object()
                       .with("name", line.tensor)
                       .with("ok", line.ok)
                       .with("checked", line.checked)
                       .with("kinked", line.kinked)
                       .with("rounded", line.rounded)
                       .with("worst_error", number_json(line.worst_error))
                       .with("worst_at", line.worst_at)
                       .with("analytic", number_json(line.analytic))
                       .with("numeric", number_json(line.numeric)));
  }
  return Json::object()
      .with("ok", report.ok)
      .with("tolerance", report.tolerance)
      .with("tensors", Json(std::move(list)));
}

}  // namespace dcrnn::api
