#include "app/options.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "app/failure.hpp"

namespace dcrnn::app {
namespace {

constexpr int kMaxThreads = 1024;
constexpr const char* kIsaVariable = "DCRNN_ISA";

bool is_known(const std::string& isa) {
  const std::vector<std::string> known = {"auto", "reference", "sse2", "avx2", "avx512", "neon"};
  return std::find(known.begin(), known.end(), isa) != known.end();
}

}  // namespace

void add_required(CLI::App& command, const std::string& name, std::string& target, const std::string& what,
                  const std::string& description) {
  command.add_option(name, target, description)->required()->type_name(what);
}

void add_data(CLI::App& command, std::vector<std::string>& target, const std::string& description) {
  command
      .add_option("--data", target, description + "; several are read one after the other; -: standard input")
      ->required()
      ->type_name("FILE|-");
}

void add_assignments(CLI::App& command, std::vector<std::string>& target) {
  command.add_option("--set", target, "key.path=value: changes the config, may be repeated; default: none")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

void add_shared_options(CLI::App& command, SharedOptions& options) {
  command.set_help_flag("-h,--help", "show this help");
  add_number(command, "--threads", options.threads, 1, kMaxThreads,
             "threads to compute with; default: the processors available");
  command.add_option("--isa", options.isa, "instruction set: auto, reference, sse2, avx2 or avx512")
      ->type_name("NAME")
      ->default_str("$" + std::string(kIsaVariable) + ", else auto");
}

ComputeOptions compute_options(const SharedOptions& options) {
  std::string isa = options.isa;
  std::string place = "--isa";
  if (isa.empty()) {
    const char* variable = std::getenv(kIsaVariable);
    isa = variable == nullptr || *variable == '\0' ? "auto" : variable;
    place = kIsaVariable;
  }
  const std::vector<std::string> available = instruction_sets();
  if (isa != "auto" && std::find(available.begin(), available.end(), isa) == available.end()) {
    throw Failure(ErrorCode::usage,
                  place + ": " +
                      (is_known(isa) ? "this processor cannot run " + in_quotes(isa)
                                     : "there is no instruction set " + in_quotes(isa)) +
                      ", it has " + joined(available),
                  "take one of those, or auto for the last of them");
  }
  return {options.threads, isa};
}

}  // namespace dcrnn::app
