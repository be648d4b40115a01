#include "api/fit_log.hpp"

#include <cmath>

#include "config/json_text.hpp"
#include "core/file.hpp"
#include "generated/version_info.hpp"

namespace dcrnn::api {

namespace {

/// Null where undefined.
Json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json();
}

Json metrics(const TaskReport& task) {
  Json json = Json::object()
                  .with("auc", number(task.auc))
                  .with("logloss", number(task.logloss))
                  .with("ece", number(task.ece));
  if (task.chain_child) json["auc_given_parent"] = number(task.auc_given_parent);
  return json;
}

void append(const std::string& path, const Json& json) {
  append_line(path, json.dump());
}

}  // namespace

void FitLog::start(const Config& config, Isa isa, int threads) const {
  const Json json = Json::object()
                        .with("config", parse_json_text(to_json(config), "config"))
                        .with("version", kVersion)
                        .with("commit", kCommit)
                        .with("isa", name(isa))
                        .with("threads", threads);
  OutputFile file(path_);
  file.write(json.dump() + '\n');
  file.commit();
}

void FitLog::epoch(const EpochSummary& summary) const {
  Json json = Json::object()
                  .with("epoch", summary.epoch)
                  .with("seconds", summary.seconds)
                  .with("rows_per_second", summary.rows_per_second)
                  .with("loss", number(summary.loss));
  if (!summary.valid.empty()) {
    Json valid = Json::object();
    for (const TaskReport& task : summary.valid) valid[task.task] = metrics(task);
    json["valid"] = std::move(valid);
    json["best"] = summary.best;
  }
  append(path_, json);
}

void FitLog::resumed(std::size_t epoch, std::size_t rows) const {
  append(path_, Json::object().with("resumed", Json::object().with("epoch", epoch).with("rows", rows)));
}

void FitLog::stopped(const std::string& reason, const train::FitResult& result) const {
  append(path_, Json::object()
                    .with("stopped", reason)
                    .with("best_epoch", result.best_epoch == 0 ? Json() : Json(result.best_epoch))
                    .with("rows_trained", result.rows_in_total));
}

void FitLog::failed(const Error& error) const {
  const std::string prefix = error.code == ErrorCode::diverged ? "diverged: " : "error: ";
  append(path_, Json::object().with("stopped", prefix + error.message));
}

}  // namespace dcrnn::api
