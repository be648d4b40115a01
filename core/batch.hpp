// Encoded rows on their way from data to model: plain arrays, one column per field.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dcrnn {

/// What was found in the cells of one field, counted where they are encoded.
struct CellCounts {
  std::uint64_t cells = 0;
  std::uint64_t empty = 0;    ///< of the cells
  std::uint64_t values = 0;   ///< of a category its cells that are not empty, of a bag its items; no numbers
  std::uint64_t unknown = 0;  ///< of the values: training never saw them, or not often enough

  CellCounts& operator+=(const CellCounts& more) {
    cells += more.cells;
    empty += more.empty;
    values += more.values;
    unknown += more.unknown;
    return *this;
  }
};

/// One field of a batch. Which arrays are used depends on the field:
///   category, number with buckets : ids [B], the row of the embedding table
///   bag                           : ids [offsets[B]]; example b has ids[offsets[b] .. offsets[b + 1])
///   other number                  : values [B], transformed
///   rate                          : values [B, numbers], standardized
struct BatchColumn {
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> offsets;  ///< bag only: [B + 1], offsets[0] = 0
  std::vector<double> values;
  std::vector<std::uint64_t> keys;     ///< rate only, where the rows were encoded: [B] their keys
  std::array<std::uint64_t, 2> key{};  ///< rate only: raw form of the cells of the row at hand
  CellCounts counts;                   ///< of the text that was encoded into this column
};

/// Label of a row: 0, 1 or missing.
inline constexpr std::int8_t kMissingLabel = -1;

/// Group of a row that is in none.
inline constexpr std::uint32_t kNoGroup = 0xFFFFFFFF;

/// B encoded rows. Vectors grow to the largest batch seen and are then reused, so that steady state allocates
/// nothing. Ids are always smaller than the rows of their table: whoever fills a batch guarantees it.
struct Batch {
  std::size_t rows = 0;              ///< B
  std::vector<BatchColumn> columns;  ///< one per field, in config order
  std::vector<std::vector<std::int8_t>>
      labels;  ///< [T][B]: 0, 1 or kMissingLabel; empty inner vector = no labels read
  std::vector<std::vector<double>> targets;  ///< [T][B] in [0, 1]: what is learnt from in place of the
                                             ///< labels; empty, or empty inner vector: the labels
  std::vector<double> weights;               ///< [B], or empty when the model has no weight column
  std::vector<std::uint32_t> groups;         ///< [B] number of the row's group or kNoGroup; empty: not read
  std::vector<std::vector<double>> truth;  ///< [T][B] true probabilities where the file has them, else empty
};

/// Rows that can be read in any order, again and again (the cache of a data file, or arrays in memory).
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// Rows in all.
  virtual std::size_t rows() const = 0;
  /// Fills `batch` with the rows `index[0..count)`, in that order. Allocates only while `batch` is still
  /// growing.
  virtual void read(const std::size_t* index, std::size_t count, Batch& batch) = 0;
};

}  // namespace dcrnn
