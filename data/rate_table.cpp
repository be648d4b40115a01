#include "data/rate_table.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "core/failure.hpp"

namespace dcrnn::data {

RateTable::RateTable(std::size_t sums, std::vector<std::uint64_t> keys, std::vector<std::uint64_t> rows,
                     std::vector<double> values)
    : width_(sums), keys_(std::move(keys)), rows_(std::move(rows)), sums_(std::move(values)) {
  if (keys_.size() >= kNone) fail(ErrorCode::memory, "a rate field has more than 4294967294 keys");
  fill_slots(std::bit_ceil(2 * keys_.size() + 2));
}

/// The slot of the key, or the free one where it belongs.
std::size_t RateTable::locate(std::uint64_t key) const {
  // Buckets of numbers are small keys: the product spreads them as it spreads hashes.
  std::size_t slot = (key * 0x9E3779B97F4A7C15) >> (64 - std::countr_zero(slots_.size()));
  while (slots_[slot] != kNone && keys_[slots_[slot]] != key) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void RateTable::fill_slots(std::size_t count) {
  slots_.assign(count, kNone);
  for (std::uint32_t i = 0; i < keys_.size(); ++i) slots_[locate(keys_[i])] = i;
}

std::uint32_t RateTable::find(std::uint64_t key) const {
  return slots_.empty() ? kNone : slots_[locate(key)];
}

std::uint32_t RateTable::add(std::uint64_t key) {
  if (2 * keys_.size() + 2 > slots_.size()) fill_slots(std::max<std::size_t>(16, 2 * slots_.size()));
  const std::size_t slot = locate(key);
  if (slots_[slot] != kNone) return slots_[slot];
  if (keys_.size() + 1 >= kNone) fail(ErrorCode::memory, "a rate field has more than 4294967294 keys");
  slots_[slot] = static_cast<std::uint32_t>(keys_.size());
  keys_.push_back(key);
  rows_.push_back(0);
  sums_.resize(sums_.size() + width_, 0.0);
  return slots_[slot];
}

std::vector<std::uint32_t> RateTable::sort() {
  std::vector<std::uint32_t> order(keys_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return keys_[a] < keys_[b]; });
  RateTable sorted(width_);
  sorted.keys_.reserve(keys_.size());
  sorted.rows_.reserve(keys_.size());
  sorted.sums_.reserve(sums_.size());
  for (const std::uint32_t i : order) {
    sorted.keys_.push_back(keys_[i]);
    sorted.rows_.push_back(rows_[i]);
    sorted.sums_.insert(sorted.sums_.end(), sums(i).begin(), sums(i).end());
  }
  sorted.fill_slots(slots_.size());
  *this = std::move(sorted);
  return order;
}

}  // namespace dcrnn::data
