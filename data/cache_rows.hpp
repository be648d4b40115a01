// The rows of an opened cache.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "core/file_pieces.hpp"
#include "data/cache_format.hpp"
#include "data/record.hpp"

namespace dcrnn::data {

/// Where the parts of a cache file stand, bytes from its start.
struct CacheParts {
  std::uint64_t key = 0;
  std::uint64_t rows = 0;
  std::uint64_t records = 0;
  std::uint64_t items = 0;
};

/// How many items the bags of a field hold.
struct BagSizes {
  std::uint64_t largest = 0;
  std::uint64_t total = 0;
};

/// Reads rows from the file when they are asked for. The file is one that others may write to: every row is
/// checked against its checksum, so that what is changed under a run ends it with Failure(io) and never
/// becomes other rows.
class CachedRows : public BatchSource {
 public:
  /// `bags`: one per field. The file has been checked: its bags are right as long as their checksums are.
  CachedRows(const Schema& config, RecordLayout layout, const std::string& path, const CacheParts& parts,
             std::vector<BagSizes> bags);

  std::size_t rows() const override { return parts_.rows; }
  void read(const std::size_t* index, std::size_t count, Batch& batch) override;

 private:
  void shape(std::size_t count, Batch& batch);
  void load_record(const std::byte* record, std::size_t i, Batch& batch);
  void load_items(const std::size_t* index, Batch& batch);
  const std::byte* copy(FilePieces& pieces) const;
  [[noreturn]] void fail_changed() const;

  RecordLayout layout_;
  std::size_t tasks_;
  std::string path_;
  CacheParts parts_;
  std::vector<BagSizes> bags_;
  FilePieces records_, items_;
  std::vector<std::uint64_t> items_checks_;  // per row of the batch
};

}  // namespace dcrnn::data
