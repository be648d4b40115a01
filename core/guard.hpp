// Where exceptions end: every public function runs its body in here.
#pragma once

#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "core/failure.hpp"
#include "dcrnn/result.hpp"

namespace dcrnn {

/// The Error of the exception being handled; when even that cannot be allocated, the memory error.
inline Error current_error() noexcept {
  // Short enough for std::string to hold without allocating.
  constexpr const char* kOutOfMemory = "out of memory";
  try {
    try {
      throw;
    } catch (const Failure& failure) {
      return failure.error();
    } catch (const std::bad_alloc&) {
      return {ErrorCode::memory, kOutOfMemory, "use less data, a smaller model or a smaller batch"};
    } catch (const std::length_error&) {
      return {ErrorCode::memory, kOutOfMemory, "use less data, a smaller model or a smaller batch"};
    } catch (const std::exception& exception) {
      return {ErrorCode::internal, std::string("internal error: ") + exception.what(),
              "this is a defect of the library: please report it"};
    } catch (...) {
      return {ErrorCode::internal, "internal error: an exception of an unknown type",
              "this is a defect of the library: please report it"};
    }
  } catch (...) {
    return {ErrorCode::memory, kOutOfMemory, ""};
  }
}

/// f() as a Result: a Failure becomes its Error, lack of memory ErrorCode::memory, anything else
/// ErrorCode::internal.
template <class F>
auto guard(F&& f) noexcept -> Result<std::invoke_result_t<F>> {
  using Value = std::invoke_result_t<F>;
  try {
    if constexpr (std::is_void_v<Value>) {
      std::forward<F>(f)();
      return {};
    } else {
      return Result<Value>(std::forward<F>(f)());
    }
  } catch (...) {
    return current_error();
  }
}

/// The value, or its Error thrown on to guard().
template <class T>
T value_of(Result<T> result) {
  if (!result) throw Failure(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace dcrnn
