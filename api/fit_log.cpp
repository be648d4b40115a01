#include "api/fit_log.hpp"

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/failure.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "generated/version_info.hpp"

namespace dcrnn::api {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFirstBytes = R"({"config":)";

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
