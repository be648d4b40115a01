// Errors as values: what every call of the public API returns instead of throwing, printing or exiting.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace dcrnn {

/// What went wrong. The values are the exit codes of the command-line program.
enum class ErrorCode : int {
  internal = 1,   ///< a defect of this library, or a check that failed
  usage = 2,      ///< an argument or a config
  data = 3,       ///< the content of a data file or of rows in memory
  model = 4,      ///< the content of a model or checkpoint
  io = 5,         ///< a file that cannot be opened, read or written
  memory = 6,     ///< memory or a size limit
  diverged = 7,   ///< NaN or infinity in the loss, a gradient or a parameter
  stopped = 130,  ///< the caller asked for a stop; everything was saved
};

/// One error: `message` names the place (file, line, column, JSON path or tensor); `help` says how to mend
/// it.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string help;
};

/// Either a value or an Error. Reading the side that is not there is a programming error.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  T& value() & noexcept { return *std::get_if<0>(&state_); }
  const T& value() const& noexcept { return *std::get_if<0>(&state_); }
  T&& value() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T&& operator*() && noexcept { return std::move(*this).value(); }
  const Error& error() const noexcept { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  bool ok() const noexcept { return ok_; }
  explicit operator bool() const noexcept { return ok_; }
  const Error& error() const noexcept { return error_; }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace dcrnn
