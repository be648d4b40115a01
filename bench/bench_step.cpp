// Whole training steps through the public API, on rows in memory: forward, backward, Adam. Batches take
// turns, so that no step finds its rows in the cache. Counts the memory at its peak.
#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bench/program.hpp"
#include "bench/subject.hpp"
#include "bench/workload.hpp"

namespace dcrnn::bench {

namespace {

constexpr std::size_t kTurns = 16;

/// Resets the peak of the resident memory to what is resident now (Linux).
void reset_peak_memory() {
  std::ofstream("/proc/self/clear_refs") << 5;
}

/// Megabytes of VmHWM (the peak) or VmRSS (now); 0 if unknown.
double memory(std::string_view what) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == what && status >> kilobytes) return kilobytes * 1024 / 1e6;
  }
  return 0;
}

class Training {
 public:
  Training(const Workload& workload, const Architecture& architecture, std::size_t batch, std::size_t turns,
           int threads, Isa with)
      : model_(make_model(workload, architecture, batch)),
        trainer_(value_of(Trainer::create(model_, 0, {threads, std::string(name(with))}))) {
    for (std::size_t i = 0; i < turns; ++i) samples_.emplace_back(workload, batch, i);
  }
  double step() { return value_of(trainer_.step(samples_[next_++ % samples_.size()].rows())).loss; }

 private:
  Model model_;
  Trainer trainer_;
  std::vector<Sample> samples_;
  std::size_t next_ = 0;
};

/// Losses of the first steps on a small batch, against the reference kernels.
std::string check(const Workload& workload, const Architecture& architecture, int threads) {
  constexpr std::size_t kRows = 20, kSteps = 3;
  Training got(workload, architecture, kRows, 1, threads, isa());
  Training want(workload, architecture, kRows, 1, 1, Isa::reference);
  Buffer<float> got_losses(kSteps), want_losses(kSteps);
  for (std::size_t i = 0; i < kSteps; ++i) {
    got_losses[i] = static_cast<float>(got.step());
    want_losses[i] = static_cast<float>(want.step());
  }
  return difference("loss", got_losses.span(), want_losses.span(), tolerance(kRows));
}

void add_step(const Workload& workload, const Architecture& architecture, std::size_t batch, int threads) {
  Work work;
  work.flops = training_flops(workload, architecture) * static_cast<double>(batch);
  work.rows = static_cast<double>(batch);
  work.threads = threads;
  const std::string name = "step/" + std::string(workload.name) + "/" + std::string(architecture.name) +
                           "/B=" + std::to_string(batch) + "/threads=" + std::to_string(threads) + "/ours";
  add(name, work, [=]() -> Subject {
    reset_peak_memory();
    const double before = memory("VmRSS:");
    const auto training = std::make_shared<Training>(workload, architecture, batch, kTurns, threads, isa());
    training->step();
    const double peak = memory("VmHWM:");
    return {[training] { training->step(); }, [=] { return check(workload, architecture, threads); },
            [before, peak] {
              return std::map<std::string, double>{{"peak_MB", peak}, {"before_MB", before}};
            }};
  });
}

}  // namespace

void add_benchmarks() {
  for (const Architecture& architecture : {kTanh, kCross}) {
    for (const int threads : {1, 2}) {
      add_step(kLarge, architecture, 1024, threads);
      add_step(kMillion, architecture, 1024, threads);
      add_step(kSmall, architecture, 1024, threads);
      add_step(kSmall, architecture, 256, threads);
    }
  }
  for (const Architecture& architecture : {kDcnV2, kMmoe, kPle}) {
    add_step(kLarge, architecture, 1024, 1);
    add_step(kSmall, architecture, 1024, 1);
  }
}

}  // namespace dcrnn::bench
