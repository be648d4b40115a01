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

void FitLog::before(double loss, const std::vector<Task>& tasks,
                    const std::vector<std::optional<double>>& base_rates) const {
  Json json = {{"epoch", 0}, {"loss", number(loss)}};
  for (std::size_t t = 0; t < base_rates.size(); ++t)
    json["base_rates"][tasks[t].name] = number(base_rates[t]);
  append(path_, json);
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
