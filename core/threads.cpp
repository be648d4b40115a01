#include "core/threads.hpp"

#include <dlfcn.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <exception>
#include <latch>
#include <thread>
#include <vector>

namespace dcrnn {

int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  const unsigned n = std::thread::hardware_concurrency();
  return n == 0 ? 1 : static_cast<int>(n);
}

#ifdef _OPENMP

namespace {

/// The runtime keeps its threads waiting in its own code: that must stay when whoever loaded us unloads us.
void keep_runtime_loaded() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&omp_get_thread_num), &info) != 0 && info.dli_fname != nullptr)
    dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

/// How many of `wanted` threads can be there at once. Gives them back before it returns.
int startable(int wanted) {
  std::vector<std::thread> threads;
  std::vector<pid_t> ids(static_cast<std::size_t>(wanted));
  threads.reserve(ids.size());
  std::latch go(1);
  for (pid_t& id : ids) {
    try {
      threads.emplace_back([&go, &id] {
        id = static_cast<pid_t>(syscall(SYS_gettid));
        go.wait();
      });
    } catch (const std::exception&) {
      break;
    }
  }
  go.count_down();
  for (std::thread& thread : threads) thread.join();
  // A thread counts against the limits for a moment after it was joined.
  for (std::size_t i = 0; i < threads.size(); ++i) {
    while (syscall(SYS_tgkill, getpid(), ids[i], 0) == 0) sched_yield();
  }
  return static_cast<int>(threads.size());
}

/// The threads a host's thread has been given: the runtime keeps as many for it.
struct Team {
  int wanted = 1, granted = 1;
};

}  // namespace

int team_size(int threads) {
  static std::atomic<pid_t> owner{0};
  if (omp_get_active_level() > 0) return 1;
  const pid_t self = getpid();
  pid_t first = 0;
  if (owner.compare_exchange_strong(first, self)) {
    keep_runtime_loaded();
  } else if (first != self) {
    return 1;
  }
  thread_local Team team;
  if (team.wanted != threads) {
    team.granted = threads <= team.granted ? threads : team.granted + startable(threads - team.granted);
    team.wanted = threads;
  }
  return team.granted;
}

#endif

}  // namespace dcrnn
