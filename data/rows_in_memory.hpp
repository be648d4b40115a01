// Encoded rows in memory, read in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/batch.hpp"

namespace dcrnn::data {

class RowsInMemory : public BatchSource {
 public:
  /// At least one row.
  explicit RowsInMemory(Batch rows) : rows_(std::move(rows)) {}

  std::size_t rows() const override { return rows_.rows; }
  void read(const std::size_t* index, std::size_t count, Batch& batch) override;
  /// XXH64 over everything.
  std::uint64_t fingerprint() const;

 private:
  Batch rows_;
};

}  // namespace dcrnn::data
