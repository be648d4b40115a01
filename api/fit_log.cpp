#include "api/fit_log.hpp"

#include <cmath>
#include <filesystem>
#include <string_view>

#include "config/json_text.hpp"
#include "core/failure.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "generated/version_info.hpp"

namespace dcrnn::api {

namespace {

constexpr std::string_view kFirstBytes = R"({"config":)";

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

Json interference(const InterferenceReport& report) {
  Json norm = Json::object(), cosine = Json::object(), negative = Json::object();
  const std::size_t T = report.tasks.size();
  for (std::size_t t = 0; t < T; ++t) {
    Json cosines = Json::object(), negatives = Json::object();
    for (std::size_t u = 0; u < T; ++u) {
      cosines[report.tasks[u]] = number(report.cosine[t * T + u]);
      negatives[report.tasks[u]] = number(report.negative[t * T + u]);
    }
    norm[report.tasks[t]] = number(report.norm[t]);
    cosine[report.tasks[t]] = std::move(cosines);
    negative[report.tasks[t]] = std::move(negatives);
  }
  Json json = Json::object();
  json["norm"] = std::move(norm);
  json["cosine"] = std::move(cosine);
  json["negative"] = std::move(negative);
  return json;
}

void append(const std::string& path, const Json& json) {
  append_line(path, json.dump());
}

}  // namespace

void FitLog::check_target() const {
  std::error_code error;
  if (std::filesystem::is_other(path_, error)) return;  // a device or pipe takes anything
  const OutputFile target(path_);
  if (!file_exists(path_)) return;
  InputFile there(path_);
  std::string text(kFirstBytes.size(), '\0');
  std::size_t size = 0;
  while (const std::size_t got = there.read(text.data() + size, text.size() - size)) size += got;
  if (size == 0 || text == kFirstBytes) return;
  fail(ErrorCode::usage, printable(path_) + ": the log would be written here, and this is none",
       "move the file away, or name another model to write");
}

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

void FitLog::before(double loss, const std::vector<Task>& tasks,
                    const std::vector<std::optional<double>>& base_rates) const {
  Json json = Json::object().with("epoch", 0).with("loss", number(loss));
  if (!base_rates.empty()) {
    Json rates = Json::object();
    for (std::size_t t = 0; t < base_rates.size(); ++t) rates[tasks[t].name] = number(base_rates[t]);
    json["base_rates"] = std::move(rates);
  }
  append(path_, json);
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
  if (summary.interference) json["interference"] = interference(*summary.interference);
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
