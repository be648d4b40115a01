#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/threads.hpp"
#include "tests/scratch.hpp"

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

TEST_CASE("several threads of a host at once, and loops within loops") {
  constexpr int kCallers = 24;  // more than have teams at once
  std::atomic<int> visits{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 20; ++repeat) {
        parallel_for(3, 5,
                     [&](std::size_t, int) { parallel_for(2, 4, [&](std::size_t, int) { ++visits; }); });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(visits == kCallers * 20 * 5 * 4);
}

TEST_CASE("what a call throws is thrown on, and the next loop is whole") {
  for (const int threads : {1, 2, 4}) {
    CAPTURE(threads);
    const auto throwing = [&] {
      parallel_for(threads, 100, [](std::size_t i, int) {
        if (i % 10 == 3) throw std::runtime_error("no more");
      });
    };
    CHECK_THROWS_WITH_AS(throwing(), "no more", std::runtime_error);
    std::atomic<int> visits{0};
    parallel_for(threads, 100, [&](std::size_t, int) { ++visits; });
    CHECK(visits == 100);
  }
}

TEST_CASE("the child of a process with threads works on") {
  std::atomic<int> visits{0};
  parallel_for(4, 1000, [&](std::size_t, int) { ++visits; });
  CHECK(visits == 1000);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(20);
    std::atomic<int> here{0};
    parallel_for(4, 1000, [&](std::size_t, int) { ++here; });
    _exit(here == 1000 ? 0 : 1);
  }
  int how = 0;
  REQUIRE(waitpid(child, &how, 0) == child);
  CHECK(how == 0);
}

TEST_CASE("quotas of processor time") {
  const test::ScratchDirectory scratch;
  const auto limit = [&](const std::string& cgroup, const std::map<std::string, std::string>& files) {
    std::filesystem::remove_all(scratch.file("tree"));
    test::write_text(scratch.file("cgroup"), cgroup);
    for (const auto& [name, text] : files) {
      const std::filesystem::path path = scratch.file("tree/" + name);
      std::filesystem::create_directories(path.parent_path());
      test::write_text(path.string(), text);
    }
    return processors_of_quota(scratch.file("cgroup").c_str(), scratch.file("tree").c_str());
  };
  // Version 2.
  CHECK(limit("0::/a/b\n", {{"a/b/cpu.max", "100000 100000\n"}}) == 1);
  CHECK(limit("0::/a/b\n", {{"a/b/cpu.max", "150000 100000\n"}}) == 2);
  CHECK(limit("0::/a/b\n", {{"a/b/cpu.max", "max 100000\n"}, {"a/cpu.max", "400000 100000\n"}}) == 4);
  CHECK(limit("0::/a/b\n", {{"a/b/cpu.max", "50000 100000\n"}, {"a/cpu.max", "400000 100000\n"}}) == 1);
  CHECK(limit("0::/\n", {{"cpu.max", "300000 100000\n"}}) == 3);
  CHECK(limit("0::/outside/of/the/container\n", {{"cpu.max", "300000 100000\n"}}) == 3);
  // Version 1, its folder named by all its controllers or by one.
  const std::string v1 = "5:memory:/x\n4:cpu,cpuacct:/a\n";
  CHECK(limit(v1, {{"cpu,cpuacct/a/cpu.cfs_quota_us", "200000\n"},
                   {"cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"}}) == 2);
  CHECK(limit(v1, {{"cpu/cpu.cfs_quota_us", "100000\n"}, {"cpu/cpu.cfs_period_us", "100000\n"}}) == 1);
  CHECK(limit(v1, {{"cpu/cpu.cfs_quota_us", "-1\n"}, {"cpu/cpu.cfs_period_us", "100000\n"}}) == 0);
  // None, and what is none.
  CHECK(limit("0::/a\n", {}) == 0);
  CHECK(limit("", {{"cpu.max", "100000 100000\n"}}) == 0);
  CHECK(limit("nonsense\n0:\n0::\n", {{"cpu.max", "100000 100000\n"}}) == 0);
  CHECK(limit("0::/\n", {{"cpu.max", "1e999 0\n"}}) == 0);
}

TEST_CASE("there is at least one processor") {
  CHECK(usable_processors() >= 1);
}
