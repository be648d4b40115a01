// dcrnn predict: a row of probabilities for every row of data.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <limits>
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

struct PredictOptions {
  std::string model, out, bad_rows = "fail";
  std::vector<std::string> data, keep;
  std::size_t batch = 1024;
  std::uint64_t max_bad = 100;
  bool max_bad_given = false;
  SharedOptions shared;
};

/// The bad rows that were skipped, the first of them by place and reason.
class BadRows {
 public:
  void add(const std::string& reason) {
    constexpr std::uint64_t kListed = 10;
    if (++count_ <= kListed) list_ += "  " + one_line(reason) + "\n";
  }
  ~BadRows() {
    if (count_ == 0) return;
    print_note(with_commas(count_) + (count_ == 1 ? " bad row" : " bad rows, the first of them") + ":\n" +
               list_);
  }

 private:
  std::uint64_t count_ = 0;
  std::string list_;
};

int predict(const PredictOptions& options) {
  PredictJob job;
  job.data = options.data;
  job.out = options.out;
  job.batch = options.batch;
  job.keep = options.keep;
  job.skip_bad_rows = options.bad_rows == "skip";
  job.max_bad_rows = options.max_bad;
  if (options.max_bad_given && !job.skip_bad_rows) {
    throw Failure(ErrorCode::usage, "--max-bad: makes sense with --bad-rows skip only",
                  "add --bad-rows skip, or leave it out");
  }
  job.compute = compute_options(options.shared);
  BadRows bad_rows;
  job.on_bad_row = [&](const std::string& reason) { bad_rows.add(reason); };
  const Model model = take(Model::load(options.model));
  // A bar would run through predictions on the same terminal.
  const bool mixed = options.out == "-" && is_terminal(STDOUT_FILENO);
  Progress progress(mixed ? Progress::Mode::off : bar_if_watched());
  defer_signals(kGraceSeconds);
  job.progress = [&](const JobProgress& state) { return progress.show(state); };
  const Result<PredictReport> report = predict_files(model, job);
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
  add_data(command, options->data, "data, CSV, also compressed");
  add_required(command, "--out", options->out, "FILE|-",
               "CSV to write, p_<task> per task; -: standard output");
  command
      .add_option("--keep", options->keep,
                  "columns of the data copied in front of the predictions; default: none")
      ->type_name("COLUMN");
  command
      .add_option("--bad-rows", options->bad_rows,
                  "fail: a row that cannot be read is an error; skip: it gives "
                  "a row of empty cells")
      ->check(CLI::IsMember({"fail", "skip"}))
      ->type_name("fail|skip")
      ->default_str("fail");
  CLI::Option* max_bad =
      add_number(command, "--max-bad", options->max_bad, std::uint64_t{0},
                 std::numeric_limits<std::uint64_t>::max(), "bad rows that may be skipped");
  add_number(command, "--batch", options->batch, std::size_t{1}, kMaxBatch,
             "rows scored at a time; from a pipe each batch is answered at once");
  add_shared_options(command, options->shared);
  command.callback([&chosen, options, max_bad] {
    options->max_bad_given = max_bad->count() > 0;
    chosen = [options] { return predict(*options); };
  });
}

}  // namespace dcrnn::app
