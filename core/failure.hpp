// How a failure travels inside the library: as one exception type that the public API turns into a value.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "core/text.hpp"
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

/// Longest message or help, bytes.
inline constexpr std::size_t kLongestMessage = 2000;

/// Throws Failure. `message` is one line naming the place, what was found and what was wanted; `help` is one
/// line on how to mend it (may be empty). Text from outside stands in them through printable() or
/// in_quotes(), which bound each piece; the whole is bounded here once more.
[[noreturn]] inline void fail(ErrorCode code, const std::string& message, const std::string& help = {}) {
  throw Failure(Error{code, printable(message, kLongestMessage), printable(help, kLongestMessage)});
}

}  // namespace dcrnn
