// How a failure travels inside the library: as one exception type that the public API turns into a value.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "dcrnn/result.hpp"

namespace dcrnn {

/// Thrown inside the library, never across its public boundary (api/ catches it).
class Failure : public std::exception {
 public:
  explicit Failure(Error error) : error_(std::move(error)) {}
  const Error& error() const noexcept { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

/// Throws Failure. `message` is one line naming the place, what was found and what was wanted; `help` is one
/// line on how to mend it (may be empty).
[[noreturn]] inline void fail(ErrorCode code, std::string message, std::string help = {}) {
  throw Failure(Error{code, std::move(message), std::move(help)});
}

}  // namespace dcrnn
