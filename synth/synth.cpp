#include "synth/log.hpp"

#include <chrono>

#include "core/guard.hpp"
#include "dcrnn/files.hpp"

namespace dcrnn {

Result<void> synth(const SynthJob& job) noexcept {
  return guard([&] {
    synthetic::SynthOptions options;
    options.rows = job.rows;
    options.correlation = job.correlation;
    options.seed = job.seed;
    options.selection = job.selection;
    options.missing_consume = job.missing_consume;
    const auto start = std::chrono::steady_clock::now();
    synthetic::write_synthetic_log(job.directory, options, [&](std::size_t done, std::size_t total) {
      if (!job.progress) return true;
      JobProgress state;
      state.stage = "writing";
      state.done = done;
      state.total = total;
      state.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      return job.progress(state);
    });
  });
}

}  // namespace dcrnn
