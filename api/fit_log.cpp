#include "api/fit_log.hpp"

#include <filesystem>
#include <string_view>

#include "api/report_json.hpp"
#include "config/json_text.hpp"
#include "core/failure.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "generated/version_info.hpp"

namespace dcrnn::api {

namespace {

constexpr std::string_view kFirstBytes = R"({"config":)";

}  // namespace

void FitLog::append(Json json) const {
  if (member_) json["member"] = Json(*member_);
  append_line(path_, json.dump());
}

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
  Json json = Json::object().with("epoch", 0).with("loss", number_json(loss));
  if (!base_rates.empty()) {
    Json rates = Json::object();
    for (std::size_t t = 0; t < base_rates.size(); ++t) rates[tasks[t].name] = number_json(base_rates[t]);
    json["base_rates"] = std::move(rates);
  }
  append(std::move(json));
}

void FitLog::epoch(const EpochSummary& summary) const {
  append(epoch_json(summary));
}

void FitLog::resumed(std::size_t epoch, std::size_t rows) const {
  append(Json::object().with("resumed", Json::object().with("epoch", epoch).with("rows", rows)));
}

void FitLog::stopped(const std::string& reason, const train::FitResult& result) const {
  append(Json::object()
             .with("stopped", reason)
             .with("best_epoch", result.best_epoch == 0 ? Json() : Json(result.best_epoch))
             .with("rows_trained", result.rows_in_total));
}

void FitLog::failed(const Error& error) const {
  const std::string prefix = error.code == ErrorCode::diverged ? "diverged: " : "error: ";
  append(Json::object().with("stopped", prefix + error.message));
}

}  // namespace dcrnn::api
