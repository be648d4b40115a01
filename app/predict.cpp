// dcrnn predict: a row of probabilities for every row of data.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "app/commands.hpp"
#include "app/failure.hpp"
#include "app/options.hpp"
#include "app/progress.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

constexpr unsigned kGraceSeconds = 3;

struct PredictOptions {
  std::string model, data, out;
  std::size_t batch = 1024;
  SharedOptions shared;
};

int predict(const PredictOptions& options) {
  const ComputeOptions compute = compute_options(options.shared);
  const Model model = take(Model::load(options.model));
  // A bar would run through predictions on the same terminal.
  const bool mixed = options.out == "-" && is_terminal(STDOUT_FILENO);
  Progress progress(mixed ? Progress::Mode::off : bar_if_watched());
  defer_signals(kGraceSeconds);
  const Result<PredictReport> report =
      predict_file(model, options.data, options.out, options.batch, compute,
                   [&](const JobProgress& state) { return progress.show(state); });
  progress.clear();
  if (!report && report.error().code == ErrorCode::stopped) {
    print_error({ErrorCode::stopped, "stopped by " + stopped_by() + " before the last row",
                 "run the command again; a file that was there before is unchanged"});
    return stopped_exit_code();
  }
  if (!report) throw Failure(report.error());
  for (const std::string& note : report->notes) print_note(note + "\n");
  if (report->closed_pipe) throw ClosedPipe{};
  return 0;
}

}  // namespace

void add_predict(CLI::App& program, Command& chosen) {
  CLI::App& command =
      *program.add_subcommand("predict", "write a row of probabilities for every row of data");
  const auto options = std::make_shared<PredictOptions>();
  add_required(command, "MODEL", options->model, "FILE", "model to apply");
  add_required(command, "--data", options->data, "FILE|-", "data, CSV or CSV.gz; -: standard input");
  add_required(command, "--out", options->out, "FILE|-",
               "CSV to write, p_<task> per task; -: standard output");
  add_number(command, "--batch", options->batch, std::size_t{1}, kMaxBatch, "rows scored at a time");
  add_shared_options(command, options->shared);
  command.callback([&chosen, options] { chosen = [options] { return predict(*options); }; });
}

}  // namespace dcrnn::app
