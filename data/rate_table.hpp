// What the rows of every key add up to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dcrnn::data {

/// Keys, each with a number of rows and some sums. Open addressing; const use is thread-safe.
class RateTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  /// `sums`: how many of them a key has.
  explicit RateTable(std::size_t sums) : width_(sums) {}
  /// Of the arrays keys [n], rows [n], sums [n, width], the keys all different.
  RateTable(std::size_t sums, std::vector<std::uint64_t> keys, std::vector<std::uint64_t> rows,
            std::vector<double> values);

  std::size_t size() const { return keys_.size(); }
  /// Number of the key, kNone if it is not there.
  std::uint32_t find(std::uint64_t key) const;
  /// Number of the key, added with nothing if it is new. Failure(memory) beyond 2^32 - 2 keys.
  std::uint32_t add(std::uint64_t key);
  /// Numbers the keys anew, ascending; gives the old number of each.
  std::vector<std::uint32_t> sort();

  std::uint64_t& rows(std::uint32_t number) { return rows_[number]; }
  std::uint64_t rows(std::uint32_t number) const { return rows_[number]; }
  std::span<double> sums(std::uint32_t number) { return {sums_.data() + number * width_, width_}; }
  std::span<const double> sums(std::uint32_t number) const {
    return {sums_.data() + number * width_, width_};
  }
  // By number.
  std::span<const std::uint64_t> all_keys() const { return keys_; }
  std::span<const std::uint64_t> all_rows() const { return rows_; }
  std::span<const double> all_sums() const { return sums_; }

 private:
  std::size_t locate(std::uint64_t key) const;
  void fill_slots(std::size_t count);

  std::size_t width_;
  std::vector<std::uint64_t> keys_, rows_;
  std::vector<double> sums_;
  std::vector<std::uint32_t> slots_;  // a power of two, at most half full
};

}  // namespace dcrnn::data
