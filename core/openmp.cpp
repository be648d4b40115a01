// OpenMP's threads, for those who build with DCRNN_OPENMP: its tools see them and its variables bind them to
// processors. See team.cpp for what they cannot do.
#ifdef DCRNN_OPENMP
#include <dlfcn.h>
#include <omp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <exception>
#include <latch>
#include <thread>
#include <vector>

#include "core/threads.hpp"

namespace dcrnn {
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

/// How many threads, at most `threads` (> 1), the calling thread may have work for it here and now. OpenMP
/// ends the process when a thread cannot start and waits for ever after a fork, so this is asked before. 1 in
/// a process forked from one that has had threads of ours, and inside a parallel region of the host; fewer
/// than `threads` where no more can start.
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

}  // namespace

int raise_team(int threads) {
  return threads == 1 ? 1 : team_size(threads);
}

void run_team(int threads, std::size_t n, TeamWork work, void* context) {
  std::atomic<std::size_t> next{0};
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
  std::exception_ptr failure;
  threads = team_size(threads);
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    const int thread = omp_get_thread_num();
    try {
      for (std::size_t i = next.fetch_add(1, std::memory_order_relaxed); i < n;
           i = next.fetch_add(1, std::memory_order_relaxed)) {
        work(context, i, thread);
      }
    } catch (...) {  // none may leave the region
      if (!failed.test_and_set()) failure = std::current_exception();
      next.store(n, std::memory_order_relaxed);
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace dcrnn

#endif
