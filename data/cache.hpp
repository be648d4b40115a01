// The binary cache of encoded rows:
//   header    64 bytes: magic, format
//   records   rows x RecordLayout::size, each with a checksum of its own
//   items     of all bags, std::uint32_t each, row by row
//   encoders  those of the training data; otherwise the counts of the cells, per field
//   trailer   key, sizes, checksums, magic
// Native byte order; a file that does not check out in every respect is built anew.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "core/file.hpp"
#include "data/cache_format.hpp"
#include "data/dataset.hpp"
#include "data/encoder.hpp"
#include "data/record.hpp"

namespace dcrnn::data {

/// What identifies a cache.
struct CacheKey {
  std::uint64_t schema = 0;  ///< schema_hash()
  std::uint64_t all = 0;     ///< of schema, encoders and files
};

/// Of everything of a config that decides what a cache holds.
std::uint64_t schema_hash(const Schema& config);

/// The file of a key in the cache directory.
std::string cache_path(const std::string& directory, const CacheKey& key);

/// Writes a cache, atomically on finish().
class CacheWriter {
 public:
  CacheWriter(const Schema& config, const std::string& directory, const CacheKey& key);

  const RecordLayout& layout() const { return layout_; }
  /// Adds one row: its record (encoded stage, bag slots set: the first is the number of items so far, and so
  /// on; the checks are filled in) and its items.
  void add(std::span<std::byte> record, std::span<const std::uint32_t> row_items);
  /// Adds the rows of a batch.
  void add(const Batch& batch);
  std::uint64_t rows() const { return rows_; }
  /// `encoders`: stored along; null: the counts of the batches are.
  void finish(const Encoders* encoders);

 private:
  RecordLayout layout_;
  std::size_t tasks_;
  CacheKey key_;
  OutputFile file_;
  std::optional<OutputFile> item_file_;  // scratch, where there are bags
  CacheContent content_;
  std::uint64_t rows_ = 0;
  std::uint64_t item_count_ = 0;
  std::vector<CellCounts> counts_;
  std::vector<std::byte> record_;
  std::vector<std::uint32_t> row_items_;
};

/// An opened cache.
struct Cache {
  Dataset dataset;
  std::optional<Encoders> encoders;  ///< those in the file; none if others were known
};

/// Nothing if there is no cache of that key, or one that is not right in every respect: its rows are checked
/// here like any other input. `known`: the encoders its rows were encoded with; null if the cache holds them.
/// The rows are read from the file when they are asked for, and checked again: Failure(io) if somebody has
/// changed it meanwhile.
std::optional<Cache> open_cache(const Schema& config, const Encoders* known, const std::string& directory,
                                const CacheKey& key);

}  // namespace dcrnn::data
