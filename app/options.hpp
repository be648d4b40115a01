// Options that several commands share, and numbers read strictly: no hexadecimal, no sign where none fits.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app/text.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::app {

inline constexpr std::size_t kMaxBatch = std::size_t{1} << 20;

template <class Number>
std::string number_text(Number number) {
  char text[400];
  return std::string(text, std::to_chars(text, text + sizeof text, number).ptr);
}

/// The number in [least, most] that `text` is, given for the option `name`.
template <class Number>
Number read_number(const std::string& name, const std::string& text, Number least, Number most) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (stop != end || error != std::errc() || !(number >= least && number <= most)) {
    throw CLI::ValidationError(name, "found " + in_quotes(text) + ", want a number from " +
                                         number_text(least) + " to " + number_text(most));
  }
  return number;
}

/// Adds an option that takes a number in [least, most]; `target` holds the default.
template <class Number>
CLI::Option* add_number(CLI::App& command, const std::string& name, Number& target, Number least, Number most,
                        const std::string& description) {
  const auto read = [&target, name, least, most](const std::string& text) {
    target = read_number(name, text, least, most);
  };
  return command.add_option_function<std::string>(name, read, description)
      ->type_name("N")
      ->default_str(number_text(target));
}

/// Adds an option that takes a text and must be given.
void add_required(CLI::App& command, const std::string& name, std::string& target, const std::string& what,
                  const std::string& description);

/// Adds --data, which takes files and must be given.
void add_data(CLI::App& command, std::vector<std::string>& target, const std::string& description);

/// Adds --set.
void add_assignments(CLI::App& command, std::vector<std::string>& target);

/// --threads and --isa, which every command takes.
struct SharedOptions {
  int threads = available_threads();
  std::string isa;  ///< empty: not given
};
void add_shared_options(CLI::App& command, SharedOptions& options);

/// With DCRNN_ISA from the environment where --isa is not given. Failure(usage) for an instruction set that
/// is unknown or that this machine lacks.
ComputeOptions compute_options(const SharedOptions& options);

}  // namespace dcrnn::app
