// Rows straight from a CSV file, batch after batch, in order: for eval, predict and trace.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "data/encoder.hpp"

namespace dcrnn::data {

class RowReader {
 public:
  enum class Labels {
    required,  ///< every label column (and the weight column) must be there (eval)
    optional,  ///< read if all label columns are there, else none (trace); weights likewise with them
    ignored,   ///< not read (predict)
  };
  /// `path` "-" is standard input; gzip is recognised by content. `encoders` must outlive the reader.
  RowReader(const Schema& config, const Encoders& encoders, const std::string& path, Labels labels);
  ~RowReader();
  RowReader(RowReader&&) noexcept;

  /// Fills `batch` with up to `max_rows` rows; gives the number read, 0 at the end. Failure(data) names file,
  /// physical line and column.
  std::size_t read(std::size_t max_rows, Batch& batch);
  /// Physical line on which row `row` of the last batch starts.
  std::uint64_t line(std::size_t row) const;
  /// Bytes consumed and in all (0 if unknown), for progress.
  std::uint64_t bytes_done() const;
  std::uint64_t bytes_total() const;
  /// FileDigest of the whole file once read() has given 0.
  std::uint64_t digest() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dcrnn::data
