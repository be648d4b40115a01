// The rows of an opened cache.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "core/file.hpp"
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

/// Reads rows from the file when they are asked for. The file is one that others may write to: it is not
/// mapped, and every row is checked against its checksum, so that what is changed under a run ends it with
/// Failure(io) and never becomes other rows.
class CachedRows : public BatchSource {
 public:
  /// `bags`: one per field. The file has been checked: its bags are right as long as their checksums are.
  CachedRows(const Schema& config, RecordLayout layout, InputFile file, const CacheParts& parts,
             std::vector<BagSizes> bags);

  std::size_t rows() const override { return parts_.rows; }
  void read(const std::size_t* index, std::size_t count, Batch& batch) override;

 private:
  void shape(std::size_t count, Batch& batch) const;
  void load_record(const std::byte* record, std::size_t i, Batch& batch) const;
  void load_bags(const std::byte* record, std::size_t row, std::size_t i, Batch& batch);
  void read_exactly(std::uint64_t offset, void* to, std::size_t size) const;
  [[noreturn]] void fail_changed() const;

  RecordLayout layout_;
  std::size_t tasks_;
  InputFile file_;
  CacheParts parts_;
  std::vector<BagSizes> bags_;
  std::vector<std::byte> records_;    // of neighbouring rows, kReadTogether at most
  std::vector<std::uint32_t> items_;  // of one row
};

}  // namespace dcrnn::data
