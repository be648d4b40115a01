// CSV (RFC 4180, or the dialect a config names) row by row: the only reader of data files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/csv_dialect.hpp"
#include "core/failure.hpp"
#include "data/byte_source.hpp"
#include "data/scan.hpp"

namespace dcrnn::data {

/// Failure(data) about one row; the rows behind it can still be read.
class BadRow : public Failure {
 public:
  using Failure::Failure;
};

/// Rows of a CSV file (plain or compressed; "-" is standard input) in bounded memory. Cells may be quoted
/// (with separators, line ends and doubled quotes inside); lines end with LF or CR LF, the last one with or
/// without; a UTF-8 byte order mark is skipped, blank lines at the very end are too. A row is given as soon
/// as its last byte is there. Failure(data) names the file that is no CSV text, and the physical line of a
/// missing header and a column named twice; BadRow that of: a row with more or fewer cells than the header, a
/// quote that is never closed or not alone in its cell, a CR without LF outside quotes, a NUL, invalid UTF-8,
/// a blank line between rows, a row longer than kLongestRow.
class CsvReader {
 public:
  static constexpr std::size_t kLongestRow = std::size_t{8} << 20;  ///< bytes

  explicit CsvReader(const std::string& path, const CsvDialect& dialect = {});
  CsvReader(CsvReader&&) = default;

  /// True if the file holds nothing at all; header() is then empty unless the dialect names the columns.
  bool empty() const { return empty_; }
  const std::vector<std::string>& header() const { return header_; }
  /// Moves to the next row; false at the end.
  bool next();
  /// After a BadRow: moves behind it. A row that could not be split is taken to be its first physical line.
  void skip_row();
  /// A cell of the row, unquoted; lives until next().
  std::string_view cell(std::size_t column) const { return {cells_[column].data, cells_[column].size}; }

  /// Physical line on which the row starts.
  std::uint64_t line() const { return row_line_; }

  /// Throws BadRow naming file, line and column of a cell of the row.
  [[noreturn]] void fail_cell(std::size_t column, std::string_view what, std::string help) const;
  /// Throws Failure(data) naming the file and its first line.
  [[noreturn]] void fail_header(std::string_view what, std::string help) const;

  const CsvDialect& dialect() const { return dialect_; }
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

  void read_start();
  void read_header();
  void check_header() const;
  bool read_row();
  Scan scan_row();
  bool scan_quoted(SpecialBytes& special, const char*& at, std::uint32_t& lines, bool& marked);
  bool pass_escaped(SpecialBytes& special, const char* at, std::uint32_t& lines, bool& marked) const;
  bool is_escapable(char c) const;
  void add_cell(const char* from, const char* to, std::uint32_t line, bool marked);
  void remove_escapes();
  void check_utf8(const char* from, const char* to) const;
  void check_count(const char* from) const;
  bool is_blank() const;
  bool only_blank_lines_follow();
  void check_length(std::size_t row) const;
  void fill();
  std::string marks_text() const;
  [[noreturn]] void fail_line(std::uint64_t line, std::string_view what, std::string help) const;
  [[noreturn]] void fail_scan(std::size_t cell, std::uint32_t line, std::string_view what,
                              std::string help) const;

  ByteSource source_;
  CsvDialect dialect_;
  int separator_, quote_, escape_;  // -1: none; doubling quotes is no escape
  Marks marks_;
  std::vector<char> buffer_;  // bytes, a NUL and 63 bytes more for SpecialBytes
  std::size_t start_ = 0;     // of the row to come
  std::size_t end_ = 0;       // of the bytes
  bool source_ended_ = false;
  bool empty_ = false;
  bool row_split_ = true;  // the row last asked for lies before start_
  SpecialBytes special_;

  std::vector<std::string> header_;
  std::vector<Cell> cells_;
  std::size_t cell_count_ = 0;
  std::vector<std::size_t> marked_;  // cells with escapes or doubled quotes in the row
  std::string unquoted_;             // their text
  std::uint64_t row_line_ = 0;       // physical line the row starts on
  std::uint64_t next_line_ = 1;
};

}  // namespace dcrnn::data
