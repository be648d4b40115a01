// Members among files and errors.
#pragma once

#include <cstddef>
#include <string>

#include "core/failure.hpp"

namespace dcrnn::api {

/// Where member i keeps what the first keeps at `path`: a training run writes a checkpoint, and perhaps a
/// state, for each.
inline std::string member_file(const std::string& path, std::size_t i) {
  return i == 0 ? path : path + "." + std::to_string(i);
}

/// "member 2: ", nothing where there is but one.
inline std::string of_member(std::size_t i, std::size_t members) {
  return members == 1 ? "" : "member " + std::to_string(i) + ": ";
}

/// f(); a failure says which member it is of.
template <class F>
auto as_member(std::size_t i, std::size_t members, F&& f) {
  try {
    return f();
  } catch (const Failure& failure) {
    const Error& error = failure.error();
    fail(error.code, of_member(i, members) + error.message, error.help);
  }
}

}  // namespace dcrnn::api
