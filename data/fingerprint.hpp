// Tells rows that are in the tables of rate fields from rows that are not.
#pragma once

#include <cstdint>
#include <string_view>

#include "data/hash.hpp"
#include "data/rate_state.hpp"

namespace dcrnn::data {

/// Of what the rows of a file give to the tables, field by field: the same for any file, or array, that gives
/// the same.
class Fingerprint {
 public:
  void add(const RateState& rate, std::uint64_t key, const std::int8_t* labels, double weight) {
    add(key);
    for (const RateTask& task : rate.tasks) {
      for (const double share : task.share(labels, weight)) add(share);
    }
    empty_ = false;
  }
  bool empty() const { return empty_; }
  std::uint64_t value() const { return hasher_.digest(); }

 private:
  template <class T>
  void add(const T& value) {
    hasher_.add({reinterpret_cast<const char*>(&value), sizeof value});
  }

  Hasher hasher_;
  bool empty_ = true;
};

}  // namespace dcrnn::data
