#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

#include "bench/peers/peer.hpp"

namespace dcrnn::bench {

const std::vector<Peer>& peers() {
  static const std::vector<Peer> all = {
      eigen(),
#ifdef DCRNN_BENCH_OPENBLAS
      openblas(),
#endif
#ifdef DCRNN_BENCH_ONEDNN
      onednn(),
#endif
#ifdef DCRNN_BENCH_LIBXSMM
      libxsmm(),
#endif
  };
  return all;
}

void tell_choices() {
  for (const Peer& peer : peers()) benchmark::AddCustomContext("peer " + peer.name, peer.chose);
}

Job fastest(const std::vector<Job>& jobs) {
  using Clock = std::chrono::steady_clock;
  const Job* best = nullptr;
  auto best_time = Clock::duration::max();
  for (const Job& job : jobs) {
    job.run();
    auto time = Clock::duration::max();
    for (int i = 0; i < 5; ++i) {
      const auto start = Clock::now();
      job.run();
      time = std::min(time, Clock::now() - start);
    }
    if (time < best_time) {
      best_time = time;
      best = &job;
    }
  }
  return *best;
}

}  // namespace dcrnn::bench
