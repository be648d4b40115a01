// What the files of core that touch the file system share: calls that go through the test hook, and errno as
// a Failure.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>

#include "core/file.hpp"

namespace dcrnn {

/// What the test hook says of an operation: the errno it is to fail with, 0 for none.
int injected_fault(FileOp op, const std::string& path);

/// Runs `call` (a POSIX call: negative and errno on failure) again while a signal interrupts it; the test
/// hook may fail it first.
template <class Call>
auto attempt(FileOp op, const std::string& path, Call&& call) -> decltype(call()) {
  if (const int error = injected_fault(op, path); error != 0) {
    errno = error;
    return -1;
  }
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

/// Failure: "cannot <verb> <path>: <reason of errno>"; code memory where the system lacks memory, else io.
[[noreturn]] void fail_io(std::string_view verb, const std::string& path, int error);

}  // namespace dcrnn
