// Threads of our own, kept between loops. Not OpenMP's: its loop ends when every thread of the team has come
// to a barrier, also those that had nothing to do. On a machine whose processors are taken by others such a
// thread may wait for its turn longer than the whole loop takes, again and again; and how long waiting
// threads burn a processor is the environment's to say, not a library's (OMP_WAIT_POLICY). Here the caller
// does all work that nobody else has begun, and waits only for what somebody has.
#ifndef DCRNN_OPENMP

#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "core/threads.hpp"

// Of a host that uses OpenMP; null in others.
extern "C" int omp_get_active_level() __attribute__((weak));

namespace dcrnn {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a thread asks for its turn before it sleeps: about what waking it would cost.
constexpr auto kPatience = std::chrono::microseconds(60);
/// Between two looks at the clock of one who waits. If more time has passed, somebody else had the processor.
constexpr int kLooks = 64;
constexpr auto kAway = std::chrono::microseconds(200);
constexpr int kSleeps = 100;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits until `word` is no longer `old`, first awake, then asleep. Where others want the processor, the next
/// times it goes to sleep at once.
void wait_while(const std::atomic<std::uint32_t>& word, std::uint32_t old) {
  thread_local int sleeps = 0;
  if (sleeps > 0) {
    --sleeps;
  } else {
    const auto begin = Clock::now();
    for (auto before = begin;;) {
      for (int i = 0; i < kLooks; ++i, relax()) {
        if (word.load(std::memory_order_acquire) != old) return;
      }
      const auto now = Clock::now();
      if (now - before > kAway) sleeps = kSleeps;
      if (sleeps > 0 || now - begin > kPatience) break;
      before = now;
    }
  }
  word.wait(old, std::memory_order_acquire);
}

/// A loop that threads may join. It stays where it is when the loop has ended: a thread that looks at it too
/// late finds no seat.
struct alignas(64) Loop {
  static constexpr std::uint32_t kInside = 1u << 16;  ///< one who has joined, in `state`

  bool take_seat(int& thread) {
    std::uint32_t now = state.load(std::memory_order_acquire);
    while (now % kInside != 0) {
      if (state.compare_exchange_weak(now, now - 1 + kInside, std::memory_order_acquire)) {
        thread = static_cast<int>(now % kInside);
        return true;
      }
    }
    return false;
  }
  void run(int thread) {
    try {
      for (std::size_t i = next.fetch_add(1, std::memory_order_relaxed); i < n;
           i = next.fetch_add(1, std::memory_order_relaxed)) {
        work(context, i, thread);
      }
    } catch (...) {  // none may end a thread
      if (!failed.test_and_set()) failure = std::current_exception();
      next.store(n, std::memory_order_relaxed);
    }
  }
  void leave() {
    if (state.fetch_sub(kInside, std::memory_order_release) < 2 * kInside) state.notify_one();
  }
  /// No seats from here on; returns when everybody has left.
  void close() {
    std::uint32_t now = state.load(std::memory_order_acquire);
    while (!state.compare_exchange_weak(now, now - now % kInside, std::memory_order_acq_rel)) {
    }
    while ((now = state.load(std::memory_order_acquire)) != 0) wait_while(state, now);
  }

  std::atomic<std::uint32_t> state{0};  ///< free seats, and kInside for everybody inside
  std::atomic<bool> taken{false};
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
  std::atomic<std::size_t> next{0};
  std::size_t helpers = 0, n = 0;
  TeamWork work = nullptr;
  void* context = nullptr;
  std::exception_ptr failure;
};

/// The threads of a process. They end with it.
class Team {
 public:
  /// A process forked from one that had a team gets one of its own.
  static Team* ours() {
    static std::atomic<Team*> team{nullptr};
    Team* now = team.load(std::memory_order_acquire);
    const pid_t self = ::getpid();
    if (now != nullptr && now->process_ == self) return now;
    auto* const made = new Team(self);
    if (team.compare_exchange_strong(now, made, std::memory_order_acq_rel)) return made;
    delete made;
    return now;
  }

  Loop* begin(int threads, std::size_t n, TeamWork work, void* context) {
    const auto helpers = std::min({static_cast<std::size_t>(threads), n, std::size_t{Loop::kInside} - 1}) - 1;
    const auto free = std::find_if(loops_.begin(), loops_.end(), [](Loop& loop) {
      return !loop.taken.load(std::memory_order_relaxed) && !loop.taken.exchange(true);
    });
    if (free == loops_.end()) return nullptr;
    free->helpers = helpers;
    free->n = n;
    free->work = work;
    free->context = context;
    free->next.store(0, std::memory_order_relaxed);
    free->state.store(static_cast<std::uint32_t>(helpers), std::memory_order_release);
    start(asked_.fetch_add(helpers) + helpers);
    rounds_.fetch_add(1);
    for (std::size_t i = helpers; i > 0; --i) rounds_.notify_one();
    return &*free;
  }
  void end(Loop& loop) {
    loop.close();
    asked_.fetch_sub(loop.helpers);
    const std::exception_ptr failure = std::exchange(loop.failure, nullptr);
    loop.failed.clear();
    loop.taken.store(false, std::memory_order_release);
    if (failure) std::rethrow_exception(failure);
  }

  /// Makes threads until there are `wanted`, or no more can start.
  void start(std::size_t wanted) {
    if (wanted <= started_.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(starting_);
    if (wanted <= refused_) return;
    stay_loaded();
    // A host's signals are for the host's threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    try {
      for (; started_.load() < wanted; started_.fetch_add(1)) std::thread([this] { serve(); }).detach();
    } catch (const std::exception&) {
      refused_ = wanted;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  std::size_t started() const { return started_.load(); }

 private:
  explicit Team(pid_t process) : process_(process) {}

  /// A thread must find its code when whoever loaded us unloads us.
  static void stay_loaded() {
    Dl_info info;
    if (dladdr(reinterpret_cast<void*>(&run_team), &info) != 0 && info.dli_fname != nullptr)
      dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  }

  void serve() {
    for (;;) {
      const std::uint32_t round = rounds_.load();
      bool worked = false;
      for (Loop& loop : loops_) {
        int thread = 0;
        if (!loop.take_seat(thread)) continue;
        loop.run(thread);
        loop.leave();
        worked = true;
      }
      if (!worked) wait_while(rounds_, round);
    }
  }

  const pid_t process_;
  std::array<Loop, 16> loops_;  // of as many threads of the host at once; others work alone
  alignas(64) std::atomic<std::uint32_t> rounds_{0};
  std::atomic<std::size_t> asked_{0}, started_{0};
  std::mutex starting_;
  std::size_t refused_ = 0;
};

bool in_region_of_host() {
  return omp_get_active_level != nullptr && omp_get_active_level() > 0;
}

}  // namespace

int raise_team(int threads) {
  if (threads == 1 || in_region_of_host()) return 1;
  const auto helpers = static_cast<std::size_t>(threads) - 1;
  Team::ours()->start(helpers);
  return 1 + static_cast<int>(std::min(helpers, Team::ours()->started()));
}

void run_team(int threads, std::size_t n, TeamWork work, void* context) {
  Team* const team = in_region_of_host() ? nullptr : Team::ours();
  Loop* const loop = team == nullptr ? nullptr : team->begin(threads, n, work, context);
  if (loop == nullptr) {
    for (std::size_t i = 0; i < n; ++i) work(context, i, 0);
    return;
  }
  loop->run(0);
  team->end(*loop);
}

}  // namespace dcrnn

#endif
