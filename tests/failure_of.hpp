// The Error of the Failure a call throws.
#pragma once

#include <string>

#include "core/failure.hpp"

namespace dcrnn::test {

/// What `call` fails with; without a Failure an Error whose message says so.
template <class Call>
Error failure_of(Call&& call) {
  try {
    call();
  } catch (const Failure& failure) {
    return failure.error();
  }
  return {ErrorCode::internal, "(no failure)", ""};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace dcrnn::test
