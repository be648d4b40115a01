// dcrnn trace: every activation and gradient of a model on a file, for comparison with another
// implementation.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "app/commands.hpp"
#include "app/failure.hpp"
#include "app/options.hpp"
#include "app/text.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

struct TraceArguments {
  std::string model, data, out, precision = "f32";
  bool gradients = false, interference = false;
  SharedOptions shared;
};

int trace(const TraceArguments& options) {
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
  add_required(command, "--out", options->out, "FILE", "safetensors file to write");
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
