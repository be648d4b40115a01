#include "app/progress.hpp"

#include <unistd.h>

#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "compare/work.hpp"

namespace dcrnn::app {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr std::size_t kBarWidth = 16;  // the whole line fits into 80 columns

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

/// Done share of the whole run.
double run_fraction(const JobProgress& job) {
  if (job.epochs == 0) return compare::stage_fraction(job);
  return (static_cast<double>(job.member) + compare::member_fraction(job)) / static_cast<double>(job.members);
}

std::string rate(const JobProgress& job) {
  const double per_second = job.seconds > 0 ? static_cast<double>(job.done) / job.seconds : 0;
  if (job.stage == "reading") return fixed(per_second / 1e6, 1) + " MB/s";
  return with_commas(static_cast<std::uint64_t>(per_second)) + " rows/s";
}

std::string bar(double fraction) {
  const auto filled = static_cast<std::size_t>(fraction * static_cast<double>(kBarWidth));
  return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "] " +
         fixed(100 * fraction, 0) + "%";
}

}  // namespace

bool Progress::show(const JobProgress& job) {
  const bool new_stage = stage_ != job.stage;
  if (new_stage) stage_ = job.stage;
  if (stop_requested()) return false;
  if (mode_ == Mode::off) return true;
  const Clock::time_point now = Clock::now();
  // Reading and counting say nothing of how long the rows will take.
  if (!estimating_ && job.stage != "reading" && job.stage != "counting") {
    estimating_ = true;
    estimate_start_ = now;
    first_ = run_fraction(job);
    if (job.epochs > 0 && mode_ == Mode::lines) {
      line("training: " + std::to_string(job.epochs) + " epochs of " + with_commas(job.total) + " rows");
    }
  } else if (new_stage && job.stage == "reading") {
    if (mode_ == Mode::lines) line("reading");
  }
  if (mode_ == Mode::bar && (!drawn_ || new_stage || now - last_draw_ >= kRedraw)) draw(bar_line(job));
  return true;
}

bool Progress::show_work(const std::string& what, double done, double all) {
  if (stop_requested()) return false;
  const Clock::time_point now = Clock::now();
  if (!estimating_ && done > 0) {
    estimating_ = true;
    estimate_start_ = now;
    first_ = done;
  }
  if (mode_ == Mode::bar && (!drawn_ || now - last_draw_ >= kRedraw)) {
    draw(what + " " + bar(done / all) + time_left(done, all));
  }
  return true;
}

void Progress::draw(const std::string& text) {
  last_draw_ = Clock::now();
  drawn_ = true;
  print_note("\r" + text.substr(0, terminal_columns() - 1) + "\x1b[K");
}

std::string Progress::bar_line(const JobProgress& job) const {
  const std::string epoch = member_text(job.member, job.members) + "epoch " + std::to_string(job.epoch) +
                            "/" + std::to_string(job.epochs);
  if (job.stage == "validating") return epoch + " validating" + time_left(run_fraction(job));
  const bool training = job.stage == "training";
  std::string text = training ? epoch : std::string(job.stage);
  text += " " + (job.total > 0 ? bar(compare::stage_fraction(job)) : with_commas(job.done));
  text += "  " + rate(job);
  if (training) text += "  loss " + fixed(job.loss, 5);
  if (estimating_) text += time_left(run_fraction(job));
  return text;
}

std::string Progress::time_left(double done, double all) const {
  if (!estimating_ || done <= first_) return {};
  const double elapsed = seconds(Clock::now() - estimate_start_);
  return "  " + duration(elapsed * (all - done) / (done - first_)) + " left";
}

void Progress::line(std::string_view text) {
  if (mode_ == Mode::off) return;
  clear();
  print_note(std::string(text) + "\n");
}

void Progress::clear() {
  if (drawn_) print_note("\r\x1b[K");
  drawn_ = false;
}

std::string member_text(std::size_t member, std::size_t members) {
  return members == 1 ? "" : "member " + std::to_string(member) + " of " + std::to_string(members) + ", ";
}

Progress::Mode bar_if_watched() {
  return is_terminal(STDERR_FILENO) ? Progress::Mode::bar : Progress::Mode::off;
}

}  // namespace dcrnn::app
