// dcrnn trace: every activation and gradient of a model on a file, for comparison with another
// implementation; or one row to be followed in a browser.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "app/commands.hpp"
#include "app/failure.hpp"
#include "app/options.hpp"
#include "app/text.hpp"
#include "compare/text_file.hpp"
#include "dcrnn/dcrnn.hpp"
#include "stepper/stepper.hpp"

namespace dcrnn::app {
namespace {

struct TraceArguments {
  std::string model, data, out, html, precision = "f32";
  std::uint64_t row = 0;  ///< from 1; 0: not given
  bool gradients = false, interference = false;
  SharedOptions shared;
};

/// The page of one row.
int follow(const TraceArguments& options) {
  take(compare::check_output("the page", options.html, {options.model, options.data}));
  const FollowedRow row = take(follow_row(take(Model::load(options.model)), options.data, options.row));
  const std::string title = one_line(std::filesystem::path(options.model).filename().string()) + ", row " +
                            std::to_string(options.row) + " of " + one_line(options.data);
  take(compare::write_text(options.html, stepper::html(title, row.json, row.pages)));
  return 0;
}

int trace(const TraceArguments& options) {
  if (options.html.empty() != (options.row == 0)) {
    throw Failure(ErrorCode::usage, options.html.empty() ? "--row: wants --html" : "--html: wants --row",
                  "--row N --html FILE writes a page that follows row N, counted from 1");
  }
  if (options.out.empty() == options.html.empty()) {
    throw Failure(ErrorCode::usage,
                  options.out.empty() ? "--out is required" : "--out and --html: found both, want one",
                  "--out FILE for a trace of all rows; --row N --html FILE for a page that follows one");
  }
  if (!options.html.empty()) return follow(options);
  const ComputeOptions compute = compute_options(options.shared);
  if (options.precision != "f32" && options.precision != "f64") {
    throw Failure(ErrorCode::usage,
                  "--precision: found " + in_quotes(options.precision) + ", want f32 or f64",
                  "f32: the chosen kernels; f64: the plain reference in double");
  }
  const Model model = take(Model::load(options.model));
  const Precision precision = options.precision == "f64" ? Precision::f64 : Precision::f32;
  take(trace_file(
      model, options.data, options.out,
      {.precision = precision, .gradients = options.gradients, .interference = options.interference},
      compute));
  return 0;
}

}  // namespace

void add_trace(CLI::App& program, Command& chosen) {
  CLI::App& command = *program.add_subcommand("trace", "write every activation and gradient as safetensors");
  const auto options = std::make_shared<TraceArguments>();
  add_required(command, "MODEL", options->model, "FILE", "model to trace");
  add_required(command, "--data", options->data, "FILE|-",
               "rows, taken as one batch; without labels no loss and no gradients; -: standard input");
  command.add_option("--out", options->out, "safetensors file to write; required without --html")
      ->type_name("FILE");
  add_number(
      command, "--row", options->row, std::uint64_t{1}, std::uint64_t{1} << 53,
      "with --html: the row to follow, alone as a batch, in double; counted from 1, without the header")
      ->default_str("");
  command
      .add_option(
          "--html", options->html,
          "a page to open in a browser, in place of --out: what the network makes of one row, forward and "
          "backward, step by step; any input or weight can be nudged (docs/stepper.md)")
      ->type_name("FILE");
  command
      .add_option("--precision", options->precision,
                  "f32: the chosen kernels; f64: the plain reference in double")
      ->type_name("f32|f64")
      ->capture_default_str();
  command.add_flag("--gradients", options->gradients,
                   "with labels, also the gradient of every value, not of the parameters and x0 alone");
  command.add_flag("--interference", options->interference,
                   "with labels, also norms and cosines of the tasks' gradients; with pcgrad always");
  add_shared_options(command, options->shared);
  command.callback([&chosen, options] { chosen = [options] { return trace(*options); }; });
}

}  // namespace dcrnn::app
