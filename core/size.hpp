// Checked size arithmetic: every size that comes from a file or a config passes through here.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/failure.hpp"

namespace dcrnn {

/// a * b, or Failure(memory) naming `what` if it does not fit.
inline std::size_t checked_mul(std::size_t a, std::size_t b, std::string_view what) {
  std::size_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    fail(ErrorCode::memory,
         std::string(what) + ": " + std::to_string(a) + " x " + std::to_string(b) +
             " is more than memory can hold",
         "make the sizes smaller");
  }
  return product;
}

/// a + b, or Failure(memory) naming `what` if it does not fit.
inline std::size_t checked_add(std::size_t a, std::size_t b, std::string_view what) {
  std::size_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    fail(ErrorCode::memory,
         std::string(what) + ": " + std::to_string(a) + " + " + std::to_string(b) +
             " is more than memory can hold",
         "make the sizes smaller");
  }
  return sum;
}

/// `n` rounded up to a multiple of `step` (> 0); the caller has checked that it fits.
constexpr std::size_t round_up(std::size_t n, std::size_t step) {
  return (n + step - 1) / step * step;
}

}  // namespace dcrnn
