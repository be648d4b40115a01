// Standard output and standard error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "dcrnn/result.hpp"

namespace dcrnn::app {

/// The reader of standard output went away.
struct ClosedPipe {};

/// Writes `text` to standard output. ClosedPipe, or Failure(io).
void print_out(std::string_view text);

/// Writes `text` to standard error; a failure has nobody to tell.
void print_note(std::string_view text) noexcept;

/// Prints "error: ..." and "help: ..." and gives the exit code.
int print_error(const Error& error) noexcept;

bool is_terminal(int descriptor) noexcept;
/// `text` in an ANSI style ("1" bold, "31" red) if standard error is a terminal and NO_COLOR is not set.
std::string styled(std::string_view text, std::string_view style);
/// Columns of the terminal at standard error; 80 where unknown.
std::size_t terminal_columns() noexcept;

}  // namespace dcrnn::app
