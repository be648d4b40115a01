// Errors inside the program: an Error on its way to main.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "dcrnn/result.hpp"

namespace dcrnn::app {

class Failure : public std::exception {
 public:
  explicit Failure(Error error) : error_(std::move(error)) {}
  Failure(ErrorCode code, std::string message, std::string help)
      : error_{code, std::move(message), std::move(help)} {}
  const Error& error() const noexcept { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

/// The value of a result; its error is thrown.
template <class T>
T take(Result<T> result) {
  if (!result) throw Failure(result.error());
  return std::move(result).value();
}

inline void take(const Result<void>& result) {
  if (!result) throw Failure(result.error());
}

}  // namespace dcrnn::app
