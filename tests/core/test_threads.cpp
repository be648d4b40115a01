#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/threads.hpp"

using namespace dcrnn;

TEST_CASE("every index is visited once, whatever the number of threads") {
  for (int threads : {1, 2, 3, 8}) {
    for (std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{1000}}) {
      CAPTURE(threads);
      CAPTURE(n);
      std::vector<std::atomic<int>> visits(n);
      std::atomic<bool> in_range{true};
      parallel_for(threads, n, [&](std::size_t i, int thread) {
        visits[i].fetch_add(1);
        if (thread < 0 || thread >= threads) in_range = false;
      });
      CHECK(in_range);
      bool once = true;
      for (const auto& count : visits) once = once && count == 1;
      CHECK(once);
    }
  }
}

TEST_CASE("one thread is the caller's, in order") {
  const std::thread::id caller = std::this_thread::get_id();
  std::vector<std::size_t> order;
  bool same = true;
  parallel_for(1, 5, [&](std::size_t i, int thread) {
    order.push_back(i);
    same = same && thread == 0 && std::this_thread::get_id() == caller;
  });
  CHECK(same);
  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4});
}

#ifdef _OPENMP

TEST_CASE("the child of a process with threads works alone") {
  std::atomic<int> visits{0};
  parallel_for(4, 1000, [&](std::size_t, int) { ++visits; });
  CHECK(visits == 1000);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(20);
    std::atomic<int> alone{0};
    parallel_for(4, 1000, [&](std::size_t, int thread) { alone += thread == 0 ? 1 : 0; });
    _exit(alone == 1000 ? 0 : 1);
  }
  int how = 0;
  REQUIRE(waitpid(child, &how, 0) == child);
  CHECK(how == 0);
}

#endif

TEST_CASE("there is at least one processor") {
  CHECK(usable_processors() >= 1);
}
