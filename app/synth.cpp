// dcrnn synth: a made-up click -> consume log whose true probabilities are known.
#include <CLI/CLI.hpp>
#include <limits>
#include <memory>

#include "app/commands.hpp"
#include "app/failure.hpp"
#include "app/options.hpp"
#include "app/progress.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

constexpr std::size_t kLeastRows = 8, kMostRows = 1'000'000'000;

struct SynthOptions {
  SynthJob job;
  SharedOptions shared;
};

int write_log(const SynthOptions& options) {
  (void)compute_options(options.shared);
  SynthJob job = options.job;
  Progress progress(bar_if_watched());
  job.progress = [&](const JobProgress& state) { return progress.show(state); };
  defer_signals(kGraceSeconds);
  const Result<void> done = synth(job);
  progress.clear();
  if (!done && done.error().code == ErrorCode::stopped) {
    print_error({ErrorCode::stopped, "stopped by " + stopped_by() + " before the last row",
                 "run the command again; files that are complete stay"});
    return stopped_exit_code();
  }
  take(done);
  return 0;
}

}  // namespace

void add_synth(CLI::App& program, Command& chosen) {
  CLI::App& command = *program.add_subcommand("synth", "write a made-up log with known probabilities");
  const auto options = std::make_shared<SynthOptions>();
  SynthJob& job = options->job;
  add_required(command, "DIR", job.directory, "DIR",
               "directory for train.csv, valid.csv, test.csv and config.json");
  add_number(command, "--rows", job.rows, kLeastRows, kMostRows,
             "rows of train.csv; the other two get an eighth each");
  add_number(command, "--correlation", job.correlation, 0.0, 1.0,
             "share of what drives consume that also drives click");
  add_number(command, "--seed", job.seed, std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max(),
             "seed of everything random");
  add_number(
      command, "--selection", job.selection, 0.0, 10.0,
      "how much more the features decide who clicks: consume is learnt from rows the less like the rest");
  add_number(command, "--missing-consume", job.missing_consume, 0.0, 1.0,
             "share of rows whose consume label is left empty");
  add_shared_options(command, options->shared);
  command.callback([&chosen, options] { chosen = [options] { return write_log(*options); }; });
}

}  // namespace dcrnn::app
