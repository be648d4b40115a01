#include "app/story.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace dcrnn::app {
namespace {

constexpr std::size_t kBins = 10;

std::vector<report::Point> calibration(const std::vector<float>& p, const std::vector<std::int8_t>& labels) {
  std::vector<std::size_t> order;
  for (std::size_t b = 0; b < p.size(); ++b) {
    if (labels[b] >= 0) order.push_back(b);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<report::Point> points;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    const std::size_t begin = bin * order.size() / kBins, end = (bin + 1) * order.size() / kBins;
    if (begin == end) continue;
    report::Point& point = points.emplace_back();
    for (std::size_t i = begin; i < end; ++i) {
      point.x += static_cast<double>(p[order[i]]);
      point.y += labels[order[i]];
    }
    const auto count = static_cast<double>(end - begin);
    point.x /= count;
    point.y /= count;
    point.spread = std::sqrt(point.y * (1 - point.y) / count);
  }
  return points;
}

/// The tasks of `log` are among `tasks`.
void add_log(Story& story, const std::vector<std::string>& tasks, const compare::TrainingLog& log) {
  story.auc.resize(tasks.size());
  for (std::size_t i = 0; i < log.members.size(); ++i) {
    for (const EpochSummary& epoch : log.members[i].epochs) {
      for (const TaskReport& report : epoch.valid) {
        const auto task = std::find(tasks.begin(), tasks.end(), report.task);
        if (task == tasks.end() || !report.auc) continue;
        auto& curves = story.auc[static_cast<std::size_t>(task - tasks.begin())];
        curves.resize(log.members.size());
        curves[i].push_back({static_cast<double>(epoch.epoch), *report.auc});
      }
    }
  }
  for (const EpochSummary& epoch : log.members[0].epochs) {
    if (!epoch.interference) continue;
    const auto x = static_cast<double>(epoch.epoch);
    const InterferenceReport& found = *epoch.interference;
    const std::size_t T = found.tasks.size();
    for (std::size_t t = 0; t < T; ++t) {
      for (std::size_t u = t + 1; u < T; ++u) {
        const std::string name = found.tasks[t] + " and " + found.tasks[u];
        auto series = std::find_if(story.interference.begin(), story.interference.end(),
                                   [&](const report::Series& other) { return other.name == name; });
        if (series == story.interference.end()) series = story.interference.insert(series, {name, {}});
        series->points.push_back({x, found.cosine[t * T + u]});
      }
    }
  }
}

}  // namespace

Story story_of(const std::string& name, const std::vector<compare::TrainingLog>& logs,
               const LabelledScores& scores) {
  Story story;
  story.name = name;
  std::vector<std::string> tasks;
  for (const TaskReport& report : scores.report.tasks) tasks.push_back(report.task);
  for (const compare::TrainingLog& log : logs) add_log(story, tasks, log);
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    story.calibration.push_back(calibration(scores.probabilities[t], scores.labels[t]));
  }
  return story;
}

}  // namespace dcrnn::app
