// Rows straight from CSV files, batch after batch, in order: for eval, predict and trace.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
  struct Options {
    Labels labels = Labels::required;
    bool groups = false;                 ///< reads the config's group column
    bool skip_bad_rows = false;          ///< leaves bad rows out of the batch instead of failing
    std::vector<std::string> keep = {};  ///< columns whose cells are wanted as they are
    bool soft = false;                   ///< reads soft labels where labels are read
  };
  /// One row of a file that is not in the batch.
  struct Skipped {
    std::size_t row;     ///< its place among the rows read
    std::string reason;  ///< with file, line and column
  };

  /// The files are read one after the other; "-" is standard input; compression is recognised by content. Of
  /// several files some may be empty. `encoders` must outlive the reader. Failure(io) if a file is not there.
  RowReader(const Schema& config, const Encoders& encoders, const std::vector<std::string>& paths,
            const Options& options);
  ~RowReader();
  RowReader(RowReader&&) noexcept;

  /// Reads up to `max_rows` rows of one file into `batch`; gives the number read, skipped ones included, 0 at
  /// the end. Failure(data) names file, physical line and column.
  std::size_t read(std::size_t max_rows, Batch& batch);
  /// Those of the last read() that were skipped, in order.
  const std::vector<Skipped>& skipped() const;
  /// File and physical line on which row `row` of the last batch starts, for messages.
  std::string place(std::size_t row) const;
  /// The cell of kept column `column` in row `row` of the last batch.
  std::string_view kept(std::size_t row, std::size_t column) const;
  /// Which of the files the last batch is of.
  std::size_t file() const;
  /// True if some file is no regular one: its rows may come one by one.
  bool streams() const;
  /// Bytes consumed and in all (0 if unknown), for progress.
  std::uint64_t bytes_done() const;
  std::uint64_t bytes_total() const;
  /// FileDigest of every file once read() has given 0.
  std::vector<std::uint64_t> digests() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dcrnn::data
