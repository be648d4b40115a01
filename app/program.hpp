// The program as a whole: its subcommands, how arguments are parsed and how errors become exit codes.
#pragma once

namespace dcrnn::app {

/// Parses the arguments, runs the command they name and gives the exit code.
int run(int argc, char** argv) noexcept;

}  // namespace dcrnn::app
