// How far a job is, on standard error: a bar on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {

class Progress {
 public:
  enum class Mode { bar, lines, off };

  explicit Progress(Mode mode) : mode_(mode) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows `job`; false once a signal has asked for a stop.
  bool show(const JobProgress& job);
  /// The same for several jobs together, in any unit of work.
  bool show_work(const std::string& what, double done, double all);
  /// "  4:05 left"; empty before anything is known. `done` of what show() (of 1) or show_work() tell of.
  std::string time_left(double done, double all = 1) const;
  /// Prints a line of its own; the bar makes way. Nothing when off.
  void line(std::string_view text);
  /// Removes the bar.
  void clear();
  /// The stage shown last; empty before the first.
  const std::string& stage() const { return stage_; }

 private:
  using Clock = std::chrono::steady_clock;

  std::string bar_line(const JobProgress& job) const;
  void draw(const std::string& text);

  Mode mode_;
  std::string stage_;
  bool drawn_ = false, estimating_ = false;
  double first_ = 0;  // done when the estimate began (not 0 after a resume)
  Clock::time_point estimate_start_{}, last_draw_{};
};

/// "member 2 of 4, ", nothing where there is but one. They count from 0, as in the model file.
std::string member_text(std::size_t member, std::size_t members);

/// For jobs that say nothing unless somebody watches: a bar on a terminal, else off.
Progress::Mode bar_if_watched();

}  // namespace dcrnn::app
