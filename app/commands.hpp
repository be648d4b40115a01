// The subcommands: one function each that describes its options to the parser.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace dcrnn::app {

/// Does the work of a subcommand whose options are parsed, and gives the exit code.
using Command = std::function<int()>;

// Each adds its subcommand to `program`, which sets `chosen` when the arguments name it.
void add_synth(CLI::App& program, Command& chosen);
void add_check(CLI::App& program, Command& chosen);
void add_train(CLI::App& program, Command& chosen);
void add_compare(CLI::App& program, Command& chosen);
void add_eval(CLI::App& program, Command& chosen);
void add_refresh(CLI::App& program, Command& chosen);
void add_predict(CLI::App& program, Command& chosen);
void add_trace(CLI::App& program, Command& chosen);
void add_gradcheck(CLI::App& program, Command& chosen);
void add_inspect(CLI::App& program, Command& chosen);
/// Prints docs/config.md; not listed by --help.
void add_config_reference(CLI::App& program, Command& chosen);

}  // namespace dcrnn::app
