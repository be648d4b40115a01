#include "synth/log.hpp"

#include "core/guard.hpp"
#include "dcrnn/files.hpp"

namespace dcrnn {

Result<void> synth(const SynthJob& job) noexcept {
  return guard([&] {
    synthetic::SynthOptions options;
    options.rows = job.rows;
    options.correlation = job.correlation;
    options.seed = job.seed;
    options.missing_consume = job.missing_consume;
    synthetic::write_synthetic_log(job.directory, options);
  });
}

}  // namespace dcrnn
