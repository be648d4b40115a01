#include "app/signals.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace dcrnn::app {
namespace {

constexpr int kSignalBase = 128;

std::atomic<int> received{0};
std::atomic<bool> deferred{false};
std::atomic<unsigned> grace{0};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<unsigned>::is_always_lock_free);

extern "C" void on_signal(int signal) {
  if (signal == SIGXCPU && received == SIGXCPU) return;  // comes every second
  const bool first = received.exchange(signal) == 0;
  if (!first || !deferred) ::_exit(kSignalBase + signal);
  if (grace > 0) ::alarm(grace);
}

extern "C" void on_alarm(int) {
  ::_exit(stopped_exit_code());
}

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void install_signal_handlers() {
  handle(SIGPIPE, SIG_IGN);
  handle(SIGXFSZ, SIG_IGN);
  handle(SIGALRM, on_alarm);
  handle(SIGINT, on_signal);
  handle(SIGTERM, on_signal);
  handle(SIGXCPU, on_signal);
  if (!is_ignored(SIGHUP)) handle(SIGHUP, on_signal);  // nohup
}

void defer_signals(unsigned grace_seconds) {
  grace = grace_seconds;
  deferred = true;
}

bool stop_requested() noexcept {
  return received != 0;
}

int stopped_exit_code() noexcept {
  return kSignalBase + (received == 0 ? SIGINT : received.load());
}

std::string stopped_by() {
  switch (received) {
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
    case SIGXCPU:
      return "SIGXCPU, the limit of processor time";
    default:
      return "SIGINT";
  }
}

}  // namespace dcrnn::app
