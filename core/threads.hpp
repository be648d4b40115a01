// The one place where threads are made.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace dcrnn {

/// How many threads, at most `threads` (> 1), the calling thread may have work for it here and now. OpenMP
/// ends the process when a thread cannot start and waits for ever after a fork, so this is asked before. 1 in
/// a process forked from one that has had threads of ours, and inside a parallel region of the host; fewer
/// than `threads` where no more can start.
int team_size(int threads);

/// Calls f(i, thread) once for every i in [0, n), on at most `threads` threads (>= 1); `thread` is in [0,
/// threads). Which thread takes which i is left open, so f must write only what belongs to i (and scratch of
/// `thread`): that is why results do not depend on the thread count. What a call of f throws (out of memory)
/// ends the loop, some calls left out, and is thrown on from here. With threads == 1 no other thread exists.
/// No OpenMP setting of the host is changed.
template <class F>
void parallel_for(int threads, std::size_t n, F&& f) {
#ifdef _OPENMP
  if (threads > 1 && n > 1) threads = team_size(threads);
  if (threads > 1 && n > 1) {
    std::atomic<std::size_t> next{0};
    std::atomic_flag failed = ATOMIC_FLAG_INIT;
    std::exception_ptr failure;
#pragma omp parallel num_threads(threads) shared(next, f, failed, failure)
    {
      const int thread = omp_get_thread_num();
      try {
        for (std::size_t i = next.fetch_add(1, std::memory_order_relaxed); i < n;
             i = next.fetch_add(1, std::memory_order_relaxed)) {
          f(i, thread);
        }
      } catch (...) {  // none may leave the region
        if (!failed.test_and_set()) failure = std::current_exception();
        next.store(n, std::memory_order_relaxed);
      }
    }
    if (failure) std::rethrow_exception(failure);
    return;
  }
#endif
  (void)threads;
  for (std::size_t i = 0; i < n; ++i) f(i, 0);
}

/// Processors this process may run on (>= 1).
int usable_processors();

}  // namespace dcrnn
