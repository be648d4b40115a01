// Functions of the host, called so that what they throw is not taken for a failure of the library.
#pragma once

#include <exception>
#include <string>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::api {

/// callback(argument). Whatever it throws becomes Failure(usage), which names the callback.
template <class Callback, class Argument>
auto call_host(const char* name, const Callback& callback, const Argument& argument) {
  std::string thrown = "something that is no std::exception";
  try {
    return callback(argument);
  } catch (const std::exception& exception) {
    thrown = in_quotes(exception.what());
  } catch (...) {
  }
  fail(ErrorCode::usage, "the callback " + std::string(name) + " threw " + thrown,
       "a callback must not throw; `progress` stops a job by returning false");
}

}  // namespace dcrnn::api
