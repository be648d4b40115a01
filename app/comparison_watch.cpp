#include "app/comparison_watch.hpp"

#include <unistd.h>

#include <string>

#include "app/terminal.hpp"

namespace dcrnn::app {
namespace {

std::string count(const compare::Trained& now) {
  return std::to_string(now.models) + "/" + std::to_string(now.of);
}

}  // namespace

ComparisonWatch::ComparisonWatch(compare::Job& job)
    : training_(is_terminal(STDERR_FILENO) ? Progress::Mode::bar : Progress::Mode::lines),
      test_(bar_if_watched()) {
  job.on_training = [this](const compare::Trained& now) {
    return training().show_work(count(now) + " models", now.done, now.all);
  };
  job.on_model = [this](const std::string& model, const compare::Trained& now) {
    Progress& progress = training();
    progress.line(count(now) + "  " + one_line(model) + progress.time_left(now.done, now.all));
  };
  job.on_note = [this](const std::string& note) { training().line(one_line(note)); };
  job.progress = [this](const JobProgress& now) {
    training_.clear();
    return test_.show(now);
  };
}

Progress& ComparisonWatch::training() {
  test_.clear();
  return training_;
}

void ComparisonWatch::clear() {
  training_.clear();
  test_.clear();
}

}  // namespace dcrnn::app
