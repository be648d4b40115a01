// One row of a data set as a record of fixed width, so that rows can be read in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "config/schema.hpp"
#include "data/hash.hpp"

namespace dcrnn::data {

/// Where a bag's items stand among the items of all rows.
struct BagSlot {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

/// Offsets within a record. The wide slots come first, so that all are aligned in a record that is.
struct RecordLayout {
  enum class Stage {
    raw,      ///< as parsed: a bucketed field holds its number, a vocabulary's row counts all words seen, a
              ///< rate field nothing: the columns of all keys stand by themselves
    encoded,  ///< as a Batch holds it
  };
  enum class Kind {
    value,  ///< `width` doubles
    row,    ///< std::uint32_t
    bag,    ///< BagSlot
  };
  struct Slot {
    Kind kind;
    std::size_t offset;
    std::size_t width = 1;
  };

  RecordLayout(const Schema& config, Stage stage);

  std::vector<Slot> fields;
  std::size_t keys = 0;  ///< std::uint64_t: raw forms of the columns of keys (raw stage)
  bool has_weight;
  bool has_bags;
  std::vector<std::size_t> soft;  ///< tasks with soft labels
  std::size_t targets = 0;        ///< double, one for each of these
  std::size_t weight = 0;         ///< double, if has_weight
  std::size_t labels = 0;         ///< std::int8_t [T]
  std::size_t items_check =
      0;                  ///< std::uint64_t, if has_bags: row_check() of the row's items (encoded stage)
  std::size_t check = 0;  ///< std::uint64_t: row_check() of all before it (encoded stage)
  std::size_t size = 0;   ///< bytes, a multiple of 8
};

/// Tells row `row` of the data set `key` from any other row, and from a damaged one.
inline std::uint64_t row_check(std::span<const std::byte> bytes, std::uint64_t key, std::uint64_t row) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), key + row);
}

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <class T>
void store(std::byte* to, const T& value) {
  std::memcpy(to, &value, sizeof(T));
}

}  // namespace dcrnn::data
