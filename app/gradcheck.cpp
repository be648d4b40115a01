// dcrnn gradcheck: the hand-written gradients of a config's model against central differences.
#include <CLI/CLI.hpp>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "app/commands.hpp"
#include "app/failure.hpp"
#include "app/json.hpp"
#include "app/options.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "app/text_file.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

constexpr std::size_t kMaxRows = 1'000'000;

struct GradcheckOptions {
  std::string config;
  std::uint64_t seed = 1;
  std::size_t rows = 8, elements = 25;
  bool json = false;
  SharedOptions shared;
};

std::string as_json(const GradcheckReport& report) {
  JsonWriter json;
  json.begin_object().member("ok", report.ok).member("tolerance", report.tolerance);
  json.key("tensors").begin_list();
  for (const GradcheckLine& line : report.tensors) {
    json.begin_object().member("name", line.tensor).member("ok", line.ok);
    json.member("checked", line.checked).member("kinked", line.kinked).member("rounded", line.rounded);
    json.member("worst_error", line.worst_error).member("worst_at", line.worst_at);
    json.member("analytic", line.analytic).member("numeric", line.numeric).end_object();
  }
  return json.end_list().end_object().text() + "\n";
}

std::string as_table(const GradcheckReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"tensor", "checked", "kinked", "rounded", "worst error", "at", "analytic", "numeric", ""}};
  for (const GradcheckLine& line : report.tensors) {
    rows.push_back({line.tensor, std::to_string(line.checked), std::to_string(line.kinked),
                    std::to_string(line.rounded), scientific(line.worst_error), line.worst_at,
                    scientific(line.analytic), scientific(line.numeric), line.ok ? "ok" : "FAIL"});
  }
  return table(rows) + (report.ok ? "all within " : "not all within ") + scientific(report.tolerance) + "\n";
}

int check(const GradcheckOptions& options) {
  (void)compute_options(options.shared);
  const std::string config = read_config_text(options.config);
  const GradcheckReport report =
      take(gradcheck(config, options.config, options.seed, options.rows, options.elements));
  print_out(options.json ? as_json(report) : as_table(report));
  if (report.ok) return 0;
  std::vector<std::string> failed;
  for (const GradcheckLine& line : report.tensors) {
    if (!line.ok) failed.push_back(line.tensor);
  }
  throw Failure(ErrorCode::internal, "the gradient check failed for " + joined(failed),
                "the forward and the backward pass of these tensors disagree");
}

}  // namespace

void add_gradcheck(CLI::App& program, Command& chosen) {
  CLI::App& command = *program.add_subcommand("gradcheck", "check the gradients of a config's model");
  const auto options = std::make_shared<GradcheckOptions>();
  add_required(command, "CONFIG", options->config, "FILE", "JSON config of the model");
  add_number(command, "--seed", options->seed, std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max(),
             "seed of the random rows and parameters");
  add_number(command, "--rows", options->rows, std::size_t{1}, kMaxRows, "random rows");
  add_number(command, "--elements", options->elements, std::size_t{0},
             std::numeric_limits<std::size_t>::max(), "elements checked per tensor; 0: all");
  command.add_flag("--json", options->json, "print one JSON object; default: a table");
  add_shared_options(command, options->shared);
  command.callback([&chosen, options] { chosen = [options] { return check(*options); }; });
}

}  // namespace dcrnn::app
