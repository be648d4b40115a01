// Exact quantiles of more values than fit in memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace dcrnn::data {

/// The edges of `bins` buckets, in rounds. A round of k edges over n values finds, for i = 1 .. k, the
/// smallest value that at least i / (k + 1) of them do not exceed (inverse of the empirical distribution).
/// The first round asks for bins - 1 edges of all values. Equal edges are merged; each merger saves a bucket,
/// and the next round spends what was saved on the values that are no edge yet. So a column that is mostly 0
/// still gets fine buckets for the rest. A round is a radix search over the bits of the values: it passes all
/// of them through add() at most 8 times, and memory does not depend on their number.
class QuantileSearch {
 public:
  explicit QuantileSearch(std::size_t bins) : missing_(bins - 1) { begin_round(); }

  void add(double value) {
    const std::uint64_t key = key_of(value);
    if (std::binary_search(edges_.begin(), edges_.end(), key)) return;
    if (level_ == 0) {
      ++count_;
      ++first_histogram_[key >> (64 - kFirstBits)];
    } else {
      add_to_group(key);
    }
  }
  /// Ends a pass over all values; true if one more is needed.
  bool end_pass();
  /// Ascending; after end_pass() has given false.
  std::vector<double> edges() const;

 private:
  static constexpr int kFirstBits = 16;
  static constexpr int kBits = 8;
  static constexpr int kLastLevel = (64 - kFirstBits) / kBits;

  /// The values that share the leading bits known so far.
  struct Group {
    std::uint64_t prefix = 0;
    std::vector<std::uint64_t> ranks;  // wanted, counted within the group
    std::uint64_t lowest = ~std::uint64_t{0}, highest = 0;
    std::array<std::uint64_t, std::size_t{1} << kBits> histogram{};
  };

  void begin_round();
  /// Takes over what the round found; true if another one is worth it.
  bool end_round();
  static std::uint64_t key_of(double value);
  static double value_of(std::uint64_t key);
  void add_to_group(std::uint64_t key);
  void split(std::uint64_t prefix, const std::uint64_t* histogram, int bits,
             const std::vector<std::uint64_t>& ranks, std::vector<Group>& groups);

  std::size_t missing_;               // edges still wanted
  std::vector<std::uint64_t> edges_;  // keys found in earlier rounds, ascending
  std::uint64_t count_ = 0;
  int level_ = 0;
  std::vector<std::uint64_t> first_histogram_;
  std::vector<Group> groups_;         // by ascending prefix
  std::vector<std::uint64_t> found_;  // keys of this round's edges
};

}  // namespace dcrnn::data
