// CSV (RFC 4180) row by row: the only reader of data files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/byte_source.hpp"
#include "data/scan.hpp"

namespace dcrnn::data {

/// Rows of a CSV file (plain or gzip; "-" is standard input) in bounded memory. Cells are separated by commas
/// and may be quoted (with commas, line ends and doubled quotes inside); lines end with LF or CR LF, the last
/// one with or without; a UTF-8 byte order mark is skipped, blank lines at the very end are too.
/// Failure(data) names file and physical line of: a row with more or fewer cells than the header, a quote
/// that is never closed or not alone in its cell, a CR without LF outside quotes, a NUL, invalid UTF-8, a
/// blank line between rows, a row longer than kLongestRow, a missing header and a column named twice.
class CsvReader {
 public:
  static constexpr std::size_t kLongestRow = std::size_t{8} << 20;  ///< bytes

  explicit CsvReader(const std::string& path);
  CsvReader(CsvReader&&) = default;

  const std::vector<std::string>& header() const { return header_; }
  /// Moves to the next row; false at the end.
  bool next();
  /// A cell of the row, unquoted; lives until next().
  std::string_view cell(std::size_t column) const { return {cells_[column].data, cells_[column].size}; }

  /// Physical line on which the row starts.
  std::uint64_t line() const { return row_line_; }

  /// Throws Failure(data) naming file, line and column of a cell of the row.
  [[noreturn]] void fail_cell(std::size_t column, std::string_view what, std::string help) const;
  /// Throws Failure(data) naming the file and its first line.
  [[noreturn]] void fail_header(std::string_view what, std::string help) const;

  std::uint64_t bytes_done() const { return source_.bytes_done(); }
  std::uint64_t bytes_total() const { return source_.bytes_total(); }
  /// Of the whole file once next() has given false (ByteSource).
  std::uint64_t digest() const { return source_.digest(); }
  const std::string& name() const { return source_.name(); }

 private:
  struct Cell {
    const char* data;
    std::uint32_t size;
    std::uint32_t line;  // line ends in the row before this cell
  };
  enum class Scan { row, end, more };

  void read_header();
  bool read_row();
  Scan scan_row();
  bool scan_quoted(SpecialBytes& special, const char*& at, std::uint32_t& lines, bool& doubled);
  void add_cell(const char* from, const char* to, std::uint32_t line, bool doubled);
  void remove_doubled_quotes();
  void check_utf8(const char* from, const char* to) const;
  bool only_blank_lines_follow();
  void check_length(std::size_t row) const;
  void fill();
  [[noreturn]] void fail_line(std::uint64_t line, std::string_view what, std::string help) const;
  [[noreturn]] void fail_scan(std::size_t cell, std::uint32_t line, std::string_view what,
                              std::string help) const;

  ByteSource source_;
  std::vector<char> buffer_;  // bytes, a NUL and 63 bytes more for SpecialBytes
  std::size_t start_ = 0;     // of the row to come
  std::size_t end_ = 0;       // of the bytes
  bool source_ended_ = false;
  SpecialBytes special_;

  std::vector<std::string> header_;
  std::vector<Cell> cells_;
  std::size_t cell_count_ = 0;
  std::vector<std::size_t> doubled_;  // cells with doubled quotes in the row
  std::string unquoted_;              // their text
  std::uint64_t row_line_ = 0;        // physical line the row starts on
  std::uint64_t next_line_ = 1;
};

}  // namespace dcrnn::data
