// A share of the training rows in memory: one drawn from each of many runs of equal length.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config/schema.hpp"
#include "core/batch.hpp"

namespace dcrnn::train {

class RowSample : public BatchSource {
 public:
  static constexpr std::uint64_t kMostRows = std::uint64_t{1} << 17;

  /// Of `rows` rows in all.
  RowSample(const Schema& config, std::uint64_t rows);
  /// The next rows; those that are drawn are kept.
  void add(const Batch& batch);

  const Batch& all() const { return rows_; }
  std::size_t rows() const override { return rows_.rows; }
  void read(const std::size_t* index, std::size_t count, Batch& batch) override;

 private:
  /// Row b of `from` becomes the last of `to`.
  void append(const Batch& from, std::size_t b, Batch& to) const;

  const Schema& config_;
  std::uint64_t run_;  // length
  std::uint64_t seen_ = 0;
  Batch rows_;
};

}  // namespace dcrnn::train
