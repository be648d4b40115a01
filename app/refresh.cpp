// dcrnn refresh: more rows for the tables of a model's rate fields.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/failure.hpp"
#include "app/options.hpp"
#include "app/progress.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

struct RefreshOptions {
  std::string model, out;
  std::vector<std::string> data;
  bool again = false;
  SharedOptions shared;
};

int refresh(const RefreshOptions& options) {
  RefreshJob job;
  job.data = options.data;
  job.out = options.out;
  job.again = options.again;
  compute_options(options.shared);  // an instruction set that is not there is an error here as elsewhere
  const Model model = take(Model::load(options.model));
  Progress progress(bar_if_watched());
  defer_signals(kGraceSeconds);
  job.progress = [&](const JobProgress& state) { return progress.show(state); };
  const Result<RefreshReport> report = refresh_files(model, job);
  progress.clear();
  if (!report && report.error().code == ErrorCode::stopped) {
    print_error({ErrorCode::stopped, "stopped by " + stopped_by() + " before the model was written",
                 "run the command again"});
    return stopped_exit_code();
  }
  if (!report) throw Failure(report.error());
  print_note(with_commas(report->rows) + " rows added, " + with_commas(report->new_keys) +
             " new keys; model " + one_line(options.out) + "\n");
  return 0;
}

}  // namespace

void add_refresh(CLI::App& program, Command& chosen) {
  CLI::App& command =
      *program.add_subcommand("refresh", "add the rows of later logs to the tables of rate fields");
  const auto options = std::make_shared<RefreshOptions>();
  add_required(command, "MODEL", options->model, "FILE", "model with fields of type rate; it stays as it is");
  add_data(command, options->data, "labelled data, CSV, also compressed");
  add_required(command, "--out", options->out, "NEW", "model to write, another file than MODEL");
  command.add_flag("--again", options->again,
                   "count rows that are in the tables already once more; default: refuse them");
  add_shared_options(command, options->shared);
  command.callback([&chosen, options] { chosen = [options] { return refresh(*options); }; });
}

}  // namespace dcrnn::app
