#include "data/quantiles.hpp"

#include <algorithm>
#include <bit>

namespace dcrnn::data {
namespace {

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

}  // namespace

/// An integer that sorts as the value does.
std::uint64_t QuantileSearch::key_of(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);  // -0 becomes 0
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

double QuantileSearch::value_of(std::uint64_t key) {
  return std::bit_cast<double>((key & kSign) != 0 ? key & ~kSign : ~key);
}

void QuantileSearch::add_to_group(std::uint64_t key) {
  const int unknown_bits = 64 - kFirstBits - kBits * (level_ - 1);
  const std::uint64_t prefix = key >> unknown_bits;
  const auto group =
      std::lower_bound(groups_.begin(), groups_.end(), prefix,
                       [](const Group& one, std::uint64_t wanted) { return one.prefix < wanted; });
  if (group == groups_.end() || group->prefix != prefix) return;
  group->lowest = std::min(group->lowest, key);
  group->highest = std::max(group->highest, key);
  ++group->histogram[(key >> (unknown_bits - kBits)) & ((1u << kBits) - 1)];
}

/// Finds in which cell of a group's histogram each rank lies, and makes a group of every such cell.
void QuantileSearch::split(std::uint64_t prefix, const std::uint64_t* histogram, int bits,
                           const std::vector<std::uint64_t>& ranks, std::vector<Group>& groups) {
  std::uint64_t below = 0;
  std::uint64_t digit = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    while (below + histogram[digit] <= ranks[i]) below += histogram[digit++];
    const std::uint64_t longer = (prefix << bits) | digit;
    if (i == 0 || groups.back().prefix != longer) {
      groups.emplace_back();
      groups.back().prefix = longer;
    }
    groups.back().ranks.push_back(ranks[i] - below);
  }
}

bool QuantileSearch::end_pass() {
  std::vector<Group> next;
  if (level_ == 0) {
    std::vector<std::uint64_t> ranks;
    const std::uint64_t bins = missing_ + 1;
    for (std::size_t i = 1; i < bins && count_ > 0; ++i) ranks.push_back((count_ * i + bins - 1) / bins - 1);
    split(0, first_histogram_.data(), kFirstBits, ranks, next);
    first_histogram_ = {};
  } else {
    for (const Group& group : groups_) {
      if (group.lowest == group.highest) {
        found_.push_back(group.lowest);
      } else {
        split(group.prefix, group.histogram.data(), kBits, group.ranks, next);
      }
    }
  }
  groups_ = std::move(next);
  if (level_ == kLastLevel) {  // every bit is known
    for (const Group& group : groups_) found_.push_back(group.prefix);
    groups_.clear();
  }
  ++level_;
  return !groups_.empty() || end_round();
}

void QuantileSearch::begin_round() {
  count_ = 0;
  level_ = 0;
  first_histogram_.assign(std::size_t{1} << kFirstBits, 0);
}

bool QuantileSearch::end_round() {
  std::sort(found_.begin(), found_.end());
  const auto middle = static_cast<std::ptrdiff_t>(edges_.size());
  edges_.insert(edges_.end(), found_.begin(), found_.end());
  std::inplace_merge(edges_.begin(), edges_.begin() + middle, edges_.end());
  const std::size_t found = found_.size();
  found_.clear();
  missing_ -= found;
  if (found == 0 || missing_ == 0) return false;
  begin_round();
  return true;
}

std::vector<double> QuantileSearch::edges() const {
  std::vector<double> edges;
  for (std::uint64_t key : edges_) edges.push_back(value_of(key));
  return edges;
}

}  // namespace dcrnn::data
