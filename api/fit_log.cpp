#include "api/fit_log.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/file.hpp"
#include "generated/version_info.hpp"

namespace dcrnn::api {

namespace {

using Json = nlohmann::ordered_json;

/// Null where undefined.
Json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json metrics(const TaskReport& task) {
  Json json = {{"auc", number(task.auc)}, {"logloss", number(task.logloss)}, {"ece", number(task.ece)}};
  if (task.chain_child) json["auc_given_parent"] = number(task.auc_given_parent);
  return json;
}

Json interference(const InterferenceReport& report) {
  Json json = {{"norm", Json::object()}, {"cosine", Json::object()}, {"negative", Json::object()}};
  const std::size_t T = report.tasks.size();
  for (std::size_t t = 0; t < T; ++t) {
    const std::string& task = report.tasks[t];
    json["norm"][task] = number(report.norm[t]);
    for (std::size_t u = 0; u < T; ++u) {
      json["cosine"][task][report.tasks[u]] = number(report.cosine[t * T + u]);
      json["negative"][task][report.tasks[u]] = number(report.negative[t * T + u]);
    }
  }
  return json;
}

/// Messages may name files in any bytes: what is not UTF-8 is replaced.
void append(const std::string& path, const Json& json) {
  append_line(path, json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

void FitLog::start(const Config& config, Isa isa, int threads) const {
  const Json json = {{"config", Json::parse(to_json(config))},
                     {"version", kVersion},
                     {"commit", kCommit},
                     {"isa", name(isa)},
                     {"threads", threads}};
  OutputFile file(path_);
  file.write(json.dump() + '\n');
  file.commit();
}

void FitLog::epoch(const EpochSummary& summary) const {
  Json json = {{"epoch", summary.epoch},
               {"seconds", summary.seconds},
               {"rows_per_second", summary.rows_per_second},
               {"loss", number(summary.loss)}};
  if (!summary.valid.empty()) {
    Json& valid = json["valid"] = Json::object();
    for (const TaskReport& task : summary.valid) valid[task.task] = metrics(task);
    json["best"] = summary.best;
  }
  if (summary.interference) json["interference"] = interference(*summary.interference);
  append(path_, json);
}

void FitLog::resumed(std::size_t epoch, std::size_t rows) const {
  append(path_, {{"resumed", {{"epoch", epoch}, {"rows", rows}}}});
}

void FitLog::stopped(const std::string& reason, const train::FitResult& result) const {
  append(path_, {{"stopped", reason},
                 {"best_epoch", result.best_epoch == 0 ? Json(nullptr) : Json(result.best_epoch)},
                 {"rows_trained", result.rows_in_total}});
}

void FitLog::failed(const Error& error) const {
  const std::string prefix = error.code == ErrorCode::diverged ? "diverged: " : "error: ";
  append(path_, {{"stopped", prefix + error.message}});
}

}  // namespace dcrnn::api
