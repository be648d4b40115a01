#include "app/program.hpp"

#include <CLI/CLI.hpp>
#include <exception>
#include <new>
#include <string>

#include "app/commands.hpp"
#include "app/failure.hpp"
#include "app/options.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {
namespace {

constexpr int kUsage = static_cast<int>(ErrorCode::usage);
constexpr int kClosedPipe = 128 + 13;  // what a shell shows for a program ended by SIGPIPE

std::string version_text() {
  const std::string chosen = compute_options({}).isa;
  std::string found;
  for (const std::string& set : instruction_sets()) found += " " + set;
  return "dcrnn " + std::string(version()) + "\ncommit: " + commit() + "\ninstruction sets:" + found +
         "\nchosen: " + (chosen == "auto" ? instruction_sets().back() : chosen) + "\n";
}

/// "dcrnn", or "dcrnn train" if the arguments got that far.
std::string command_line(const CLI::App& program) {
  const std::vector<const CLI::App*> parsed =
      program.get_subcommands([](const CLI::App* command) { return command->parsed(); });
  return parsed.empty() ? "dcrnn" : "dcrnn " + parsed.front()->get_name();
}

/// What is wrong with the arguments, in one line.
std::string what_is_wrong(const CLI::App& program, const CLI::ParseError& error) {
  // What is not understood explains why something else is missing.
  if (const std::vector<std::string> extras = program.remaining(true); !extras.empty()) {
    const std::string& first = extras.front();
    return (first.starts_with('-') ? "unknown option " : "unexpected argument ") + in_quotes(first);
  }
  const std::string text = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return text.substr(0, text.find(':')) + ": found no value or more than one";
  }
  return text;
}

bool names_command(const CLI::App& program, const std::string& word) {
  const auto of_that_name = [&](const CLI::App* command) { return command->get_name() == word; };
  return !program.get_subcommands(of_that_name).empty();
}

int parse_and_run(int argc, char** argv) {
  CLI::App program("Trains and applies multi-task click models with a GRU cross network.", "dcrnn");
  program.set_help_flag("-h,--help", "show this help");
  program.set_version_flag(
      "--version", [] { return version_text(); }, "show version and instruction sets");
  program.require_subcommand(1);
  program.get_formatter()->column_width(36);
  Command chosen;
  add_synth(program, chosen);
  add_check(program, chosen);
  add_train(program, chosen);
  add_compare(program, chosen);
  add_eval(program, chosen);
  add_refresh(program, chosen);
  add_predict(program, chosen);
  add_trace(program, chosen);
  add_gradcheck(program, chosen);
  add_inspect(program, chosen);
  add_config_reference(program, chosen);
  program.footer("`dcrnn COMMAND --help` shows the options of a command.");

  if (argc <= 1) {
    print_note(program.help());
    return kUsage;
  }
  const std::string first = argv[1];
  if (!first.starts_with('-') && !names_command(program, first)) {
    throw Failure(ErrorCode::usage, "unknown command " + in_quotes(first), "dcrnn --help lists the commands");
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto parsed = program.get_subcommands();
    print_out(parsed.empty() ? program.help() : parsed.front()->help(program.get_name()));
    return 0;
  } catch (const CLI::CallForVersion& call) {
    print_out(call.what());
    return 0;
  } catch (const CLI::ParseError& error) {
    throw Failure(ErrorCode::usage, what_is_wrong(program, error),
                  command_line(program) + " --help shows what it takes");
  }
  return chosen();
}

}  // namespace

int run(int argc, char** argv) noexcept {
  try {
    install_signal_handlers();
    return parse_and_run(argc, argv);
  } catch (const Failure& failure) {
    return print_error(failure.error());
  } catch (const ClosedPipe&) {
    return kClosedPipe;
  } catch (const std::bad_alloc&) {
    return print_error({ErrorCode::memory, "not enough memory", "free some memory or use smaller sizes"});
  } catch (const std::exception& error) {
    return print_error({ErrorCode::internal, error.what(), "this is a defect of dcrnn: please report it"});
  }
}

}  // namespace dcrnn::app
