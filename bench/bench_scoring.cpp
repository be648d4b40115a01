// Scoring through the public API. For one row also the tail: p99 over median, beside that of an equally long
// loop of arithmetic, which shows what of it is the machine's.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bench/program.hpp"
#include "bench/subject.hpp"
#include "bench/wide/wide.hpp"
#include "bench/workload.hpp"

namespace dcrnn::bench {

namespace {

constexpr std::size_t kTasks = 2, kTurns = 64;

class Scoring {
 public:
  Scoring(const Workload& workload, const Architecture& architecture, std::size_t batch, Isa with)
      : model_(make_model(workload, architecture, 1024)),
        scorer_(value_of(Scorer::create(model_, {1, std::string(name(with))}))),
        probabilities_(batch * kTasks) {
    for (std::size_t i = 0; i < kTurns; ++i) samples_.emplace_back(workload, batch, i);
  }
  void run() {
    const auto done = scorer_.score(samples_[next_++ % kTurns].rows(), probabilities_);
    if (!done) throw std::runtime_error(done.error().message);
  }
  /// Of the first rows.
  const std::vector<float>& first() {
    next_ = 0;
    run();
    return probabilities_;
  }

 private:
  Model model_;
  Scorer scorer_;
  std::vector<Sample> samples_;
  std::vector<float> probabilities_;
  std::size_t next_ = 0;
};

/// p99 / median of the seconds that `run` takes.
template <class Run>
double tail(Run&& run) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds(5000);
  for (double& s : seconds) {
    const auto start = Clock::now();
    run();
    s = std::chrono::duration<double>(Clock::now() - start).count();
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() * 99 / 100] / seconds[seconds.size() / 2];
}

std::map<std::string, double> tails(Scoring& scoring) {
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](std::size_t repeats, auto&& run) {
    const auto start = Clock::now();
    for (std::size_t i = 0; i < repeats; ++i) run();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const Wide& module = wide(best_isa());
  const double of_scoring = seconds(1000, [&] { scoring.run(); }) / 1000;
  const double of_round = seconds(1, [&] { module.multiply_add(100'000); }) / 100'000;
  const auto rounds = static_cast<std::size_t>(of_scoring / of_round);
  return {{"p99/median", tail([&] { scoring.run(); })},
          {"arithmetic p99/median", tail([&] { module.multiply_add(rounds); })}};
}

void add_scoring(const Workload& workload, const Architecture& architecture, std::size_t batch) {
  Work work;
  work.rows = static_cast<double>(batch);
  const std::string name = "score/" + std::string(workload.name) + "/" + std::string(architecture.name) +
                           "/B=" + std::to_string(batch) + "/ours";
  add(name, work, [=]() -> Subject {
    const auto scoring = std::make_shared<Scoring>(workload, architecture, batch, isa());
    Subject subject{[scoring] { scoring->run(); },
                    [=] {
                      const std::size_t rows = std::min<std::size_t>(batch, 20);
                      Scoring reference(workload, architecture, rows, Isa::reference);
                      return difference("probability", std::span(scoring->first()).first(rows * kTasks),
                                        reference.first(), tolerance(64));
                    }};
    if (batch == 1) subject.counters = [scoring] { return tails(*scoring); };
    return subject;
  });
}

}  // namespace

void add_benchmarks() {
  for (const Architecture& architecture : {kTanh, kCross}) {
    for (const std::size_t batch : {1UL, 64UL, 1024UL}) {
      add_scoring(kLarge, architecture, batch);
      add_scoring(kSmall, architecture, batch);
    }
  }
}

}  // namespace dcrnn::bench
