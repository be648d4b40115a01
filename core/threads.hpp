// The one place where threads are made and counted.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

namespace dcrnn {

/// Processors this process can use (>= 1): those it may run on, and no more than its containers' share of
/// processor time pays for (cgroup v1 and v2, rounded up).
int usable_processors();

/// The share of one process: the number of processors that the quotas of `cgroup` (a file like
/// /proc/self/cgroup) allow below `root` (like /sys/fs/cgroup), rounded up; 0 if none is set.
int processors_of_quota(const char* cgroup, const char* root);

/// At most `threads`, and no more than so much work can feed: for less than some 50 microseconds each, waking
/// them costs more than they do. Work in operations on numbers.
int threads_fed(int threads, double work);

/// How many of `threads` (>= 1) the calling thread can have here and now, itself among them; makes those that
/// are missing.
int raise_team(int threads);

/// What a team runs: f(context, i, thread).
using TeamWork = void (*)(void* context, std::size_t i, int thread);

/// parallel_for() without its types; threads > 1, n > 1.
void run_team(int threads, std::size_t n, TeamWork work, void* context);

/// Calls f(i, thread) once for every i in [0, n), on at most `threads` threads (>= 1); `thread` is in [0,
/// threads). Which thread takes which i is left open, so f must write only what belongs to i (and scratch of
/// `thread`): that is why results do not depend on the thread count. What a call of f throws (out of memory)
/// ends the loop, some calls left out, and is thrown on from here. With threads == 1 no other thread exists.
/// Where no more threads can start, and inside a parallel region of a host that uses OpenMP, there are fewer.
template <class F>
void parallel_for(int threads, std::size_t n, F&& f) {
  if (threads > 1 && n > 1) {
    using Function = std::remove_reference_t<F>;
    const auto work = [](void* context, std::size_t i, int thread) {
      (*static_cast<Function*>(context))(i, thread);
    };
    run_team(threads, n, work, const_cast<std::remove_const_t<Function>*>(std::addressof(f)));
    return;
  }
  for (std::size_t i = 0; i < n; ++i) f(i, 0);
}

}  // namespace dcrnn
