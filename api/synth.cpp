#include "data/synth.hpp"

#include "api/guard.hpp"
#include "dcrnn/files.hpp"

namespace dcrnn {

Result<void> synth(const SynthJob& job) noexcept {
  return api::guard([&] {
    data::SynthOptions options;
    options.rows = job.rows;
    options.correlation = job.correlation;
    options.seed = job.seed;
    options.missing_consume = job.missing_consume;
    data::write_synthetic_log(job.directory, options);
  });
}

}  // namespace dcrnn
