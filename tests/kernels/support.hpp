// What the kernel tests share: memory that notices writes outside, and comparisons that say where they
// failed.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::test {

/// Numbers that are the same for every scalar type, and a seed to print.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : seed_(seed) {}
  /// Uniform in [low, high), a float.
  double operator()(double low = -1, double high = 1) {
    return static_cast<float>(low + (high - low) * to_unit(word()));
  }
  std::uint32_t word() { return philox(seed_, RandomUse::check, 0, next_++)[0]; }
  std::uint64_t seed() const { return seed_; }

 private:
  std::uint64_t seed_, next_ = 0;
};

/// rows x columns values at distance ld, misaligned, with NaN between the rows and on both sides.
template <class Real>
class Block {
 public:
  Block(std::size_t rows, std::size_t columns, std::size_t ld)
      : rows_(rows), columns_(columns), ld_(ld), memory_(2 * kGuard + rows * ld, kNothing) {
    for (std::size_t r = 0; r < rows; ++r) std::fill_n(data() + r * ld, columns, Real{0});
  }
  Block(std::size_t rows, std::size_t columns) : Block(rows, columns, columns) {}
  /// Filled with numbers of [low, high).
  Block(std::size_t rows, std::size_t columns, std::size_t ld, Numbers& numbers, double low = -1,
        double high = 1)
      : Block(rows, columns, ld) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) at(r, c) = static_cast<Real>(numbers(low, high));
    }
  }

  Real* data() { return memory_.data() + kGuard; }
  const Real* data() const { return memory_.data() + kGuard; }
  Real& at(std::size_t r, std::size_t c) { return data()[r * ld_ + c]; }
  Real at(std::size_t r, std::size_t c) const { return data()[r * ld_ + c]; }
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  std::size_t ld() const { return ld_; }

  /// True if nothing outside the rows has been written.
  bool intact() const {
    Block untouched(rows_, columns_, ld_);
    for (std::size_t r = 0; r < rows_; ++r)
      std::copy_n(data() + r * ld_, columns_, untouched.data() + r * ld_);
    return std::memcmp(memory_.data(), untouched.memory_.data(), memory_.size() * sizeof(Real)) == 0;
  }
  bool same_bytes(const Block& other) const {
    return memory_.size() == other.memory_.size() &&
           std::memcmp(memory_.data(), other.memory_.data(), memory_.size() * sizeof(Real)) == 0;
  }

 private:
  static constexpr std::size_t kGuard = 37;  // odd: no vector in here is aligned
  static constexpr Real kNothing = std::numeric_limits<Real>::quiet_NaN();
  std::size_t rows_, columns_, ld_;
  std::vector<Real> memory_;
};

/// A matrix [rows, parts * width] whose rows hold their parts at distance ld, each followed by room that an
/// op may use: NaN at first.
template <class Real>
class Roomy {
 public:
  Roomy(std::size_t rows, std::size_t width, std::size_t ld, std::size_t parts = 1)
      : width_(width), ld_(ld), parts_(parts), block_(rows, parts * ld) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < parts * ld; ++c) {
        if (c % ld >= width) block_.at(r, c) = std::numeric_limits<Real>::quiet_NaN();
      }
    }
  }
  /// Filled with numbers of [low, high).
  Roomy(std::size_t rows, std::size_t width, std::size_t ld, std::size_t parts, Numbers& numbers,
        double low = -1, double high = 1)
      : Roomy(rows, width, ld, parts) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns(); ++c) at(r, c) = static_cast<Real>(numbers(low, high));
    }
  }

  Real* data() { return block_.data(); }
  const Real* data() const { return block_.data(); }
  Real& at(std::size_t r, std::size_t c) { return block_.at(r, c / width_ * ld_ + c % width_); }
  Real at(std::size_t r, std::size_t c) const { return block_.at(r, c / width_ * ld_ + c % width_); }
  std::size_t rows() const { return block_.rows(); }
  std::size_t columns() const { return parts_ * width_; }
  bool intact() const { return block_.intact(); }

 private:
  std::size_t width_, ld_, parts_;
  Block<Real> block_;
};

/// True if the elements of both, not what lies behind the rows, are equal.
template <class Real>
bool same(const Roomy<Real>& a, const Roomy<Real>& b) {
  for (std::size_t r = 0; r < a.rows(); ++r) {
    for (std::size_t c = 0; c < a.columns(); ++c) {
      if (!(a.at(r, c) == b.at(r, c))) return false;
    }
  }
  return true;
}

/// Checks got == want(r, c) within epsilon of Real times the norm (at least `unit`) times (8 + the length of
/// the reductions behind it), and that nothing outside was written. Says which op, where and from what seed.
template <class Matrix, class Want>
void check_close(const Matrix& got, Want want, std::size_t length, const std::string& what,
                 const Numbers& numbers, double unit = 1) {
  using Real = decltype(got.at(0, 0));
  double norm = unit, worst = 0;
  std::size_t worst_r = 0, worst_c = 0;
  for (std::size_t r = 0; r < got.rows(); ++r) {
    for (std::size_t c = 0; c < got.columns(); ++c) {
      norm = std::max(norm, std::abs(static_cast<double>(want(r, c))));
      const double error = std::abs(static_cast<double>(got.at(r, c)) - static_cast<double>(want(r, c)));
      if (!(error <= worst)) {
        worst = error;
        worst_r = r;
        worst_c = c;
      }
    }
  }
  const double tolerance = std::numeric_limits<Real>::epsilon() * norm * (8 + static_cast<double>(length));
  INFO(what << ": worst at (" << worst_r << ", " << worst_c << ") of " << got.rows() << " x " << got.columns()
            << ", seed " << numbers.seed());
  CHECK(worst <= tolerance);
  CHECK_MESSAGE(got.intact(), what << ": written outside, seed " << numbers.seed());
}

/// A list of sizes to loop over.
using Sizes = std::initializer_list<std::size_t>;

/// Sizes that hurt for vectors of any length: around one, around vectors of 4, 8 and 16 and panels of them.
inline const std::vector<std::size_t> kSizes = {0,  1,  2,  3,  4,  5,  7,  8,  9, 11,
                                                15, 16, 17, 19, 31, 32, 33, 35, 67};

}  // namespace dcrnn::kernels::test
