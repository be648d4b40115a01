#include "compare/training_log.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/failure.hpp"
#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/text.hpp"

namespace dcrnn::compare {
namespace {

using Json = nlohmann::ordered_json;

std::optional<double> number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

std::vector<TaskReport> metrics(const Json& valid) {
  std::vector<TaskReport> tasks;
  for (const auto& [name, figures] : valid.items()) {
    TaskReport& task = tasks.emplace_back();
    task.task = name;
    task.auc = number(figures, "auc");
    task.logloss = number(figures, "logloss");
    task.ece = number(figures, "ece");
    task.chain_child = figures.contains("auc_given_parent");
    task.auc_given_parent = number(figures, "auc_given_parent");
  }
  return tasks;
}

InterferenceReport interference(const Json& json) {
  InterferenceReport report;
  for (const auto& [task, norm] : json.at("norm").items()) {
    report.tasks.push_back(task);
    report.norm.push_back(norm.is_number() ? norm.get<double>() : 0);
    for (const auto& [other, cosine] : json.at("cosine").at(task).items()) {
      report.cosine.push_back(cosine.is_number() ? cosine.get<double>() : 0);
      report.negative.push_back(number(json.at("negative").at(task), other.c_str()).value_or(0));
    }
  }
  return report;
}

void add_line(const Json& line, TrainingLog& log) {
  if (line.contains("config")) log.config_json = line["config"].dump();
  const std::size_t place = line.contains("member") ? line["member"].get<std::size_t>() : 0;
  if (place > log.members.size()) throw std::out_of_range("member");  // they are trained in turn
  if (place == log.members.size()) log.members.resize(place + 1);
  MemberLog& member = log.members[place];
  if (line.contains("best_epoch") && line["best_epoch"].is_number_unsigned()) {
    member.best_epoch = line["best_epoch"].get<std::size_t>();
  }
  if (!line.contains("rows_per_second")) return;
  EpochSummary epoch;
  epoch.epoch = line.at("epoch").get<std::size_t>();
  epoch.seconds = number(line, "seconds").value_or(0);
  epoch.rows_per_second = number(line, "rows_per_second").value_or(0);
  epoch.loss = number(line, "loss").value_or(0);
  if (line.contains("valid")) epoch.valid = metrics(line["valid"]);
  if (line.contains("interference")) epoch.interference = interference(line["interference"]);
  std::erase_if(member.epochs, [&](const EpochSummary& other) { return other.epoch >= epoch.epoch; });
  member.epochs.push_back(std::move(epoch));
}

/// The mean over the tasks (`task` empty) or that of the task; nothing where one is not defined.
std::optional<double> mean_of(const EpochSummary& epoch, const std::string& task, bool loss) {
  double sum = 0;
  std::size_t count = 0;
  for (const TaskReport& report : epoch.valid) {
    if (!task.empty() && report.task != task) continue;
    const std::optional<double> value = loss ? report.logloss : report.auc;
    if (!value) return std::nullopt;
    sum += loss ? -*value : *value;
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
}

}  // namespace

double TrainingLog::rows_per_second() const {
  double sum = 0;
  std::size_t count = 0;
  for (const MemberLog& member : members) {
    for (const EpochSummary& epoch : member.epochs) sum += epoch.rows_per_second;
    count += member.epochs.size();
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

Result<TrainingLog> parse_training_log(std::string_view text, const std::string& name) noexcept {
  return guard([&] {
    TrainingLog log{"", std::vector<MemberLog>(1)};
    std::size_t line = 1;
    try {
      for (std::size_t at = 0; at < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        add_line(Json::parse(text.substr(at, end - at)), log);
        at = end + 1;
      }
    } catch (const std::exception&) {
      fail(ErrorCode::data, printable(name) + ":" + std::to_string(line) + ": no line of a training log",
           "it is written by train, beside the model");
    }
    return log;
  });
}

Result<TrainingLog> read_training_log(const std::string& path) noexcept {
  const auto content = guard([&] { return file_content(path); });
  if (!content) return content.error();
  return parse_training_log({reinterpret_cast<const char*>(content->data()), content->size()}, path);
}

std::optional<double> watched(const TrainingLog& log) {
  const Json config = Json::parse(log.config_json, nullptr, false);
  if (!config.is_object()) return std::nullopt;
  const Json stopping = config.value("train", Json::object()).value("early_stopping", Json::object());
  const Json task = stopping.value("task", Json());
  const std::string name = task.is_string() ? task.get<std::string>() : "";
  const bool loss = stopping.value("metric", Json()) == "logloss";
  double sum = 0;
  for (const MemberLog& member : log.members) {
    const auto kept =
        std::find_if(member.epochs.begin(), member.epochs.end(),
                     [&](const EpochSummary& epoch) { return epoch.epoch == member.best_epoch; });
    if (kept == member.epochs.end()) return std::nullopt;
    std::optional<double> value = mean_of(*kept, name, loss);
    if (!value) value = mean_of(*kept, name, true);
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum / static_cast<double>(log.members.size());
}

}  // namespace dcrnn::compare
