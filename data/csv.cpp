#include "data/csv.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "core/content.hpp"
#include "core/text.hpp"

namespace dcrnn::data {
namespace {

constexpr std::size_t kFirstBuffer = std::size_t{1} << 20;
constexpr std::size_t kPadding = 64;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kUsualSeparators = ",;\t|";
constexpr const char* kNulHelp = "the file is no CSV text in UTF-8: export it again";

/// The one byte of a mark, -1 where the dialect has none.
int byte_of(const std::string& mark) {
  return mark.empty() ? -1 : static_cast<unsigned char>(mark[0]);
}

Marks marks_of(int separator, int quote, int escape) {
  const auto or_separator = [&](int mark) { return static_cast<char>(mark < 0 ? separator : mark); };
  return {static_cast<char>(separator), or_separator(quote), or_separator(escape)};
}

}  // namespace

CsvReader::CsvReader(const std::string& path, const CsvDialect& dialect)
    : source_(path),
      dialect_(dialect),
      separator_(byte_of(dialect.separator)),
      quote_(byte_of(dialect.quote)),
      escape_(dialect.escape == dialect.quote ? -1 : byte_of(dialect.escape)),
      marks_(marks_of(separator_, quote_, escape_)),
      buffer_(kFirstBuffer + kPadding) {
  read_start();
  if (!dialect.header.empty()) {
    header_ = dialect.header;
    cells_.resize(header_.size());
  } else if (!empty_) {
    read_header();
  }
}

/// The first bytes: what they are, and where the text begins.
void CsvReader::read_start() {
  do {
    fill();
  } while (!source_ended_ && end_ < kContentHead && std::memchr(buffer_.data(), '\n', end_) == nullptr);
  const std::string_view head(buffer_.data(), std::min(end_, kContentHead));
  if (const Content content = content_of(head)) {
    fail(ErrorCode::data, name() + ": not CSV text but " + std::string(content.name), data_help(content));
  }
  if (head.starts_with(kByteOrderMark)) {
    start_ = kByteOrderMark.size();
    special_ = SpecialBytes(buffer_.data() + start_, marks_);
  }
  empty_ = start_ == end_ && source_ended_;
}

void CsvReader::read_header() {
  read_row();
  if (is_blank()) {
    fail_header("the header is blank",
                "the first line names the columns, unless csv.header of the config does");
  }
  cells_.resize(cell_count_);
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < cell_count_; ++i) {
    const auto [first, fresh] = seen.emplace(cell(i), i);
    if (!fresh) {
      fail_header(
          "column " + in_quotes(cell(i)) + " stands twice in the header, as column " +
              std::to_string(first->second + 1) + " and " + std::to_string(i + 1),
          "rename or remove one of the two; if the first line is a row, csv.header names the columns");
    }
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < cell_count_; ++i) names.emplace_back(cell(i));
  header_ = std::move(names);
}

/// Of names that stand in the config, and in the file as well.
void CsvReader::check_header() const {
  std::vector<std::string> there, names(header_);
  for (std::size_t i = 0; i < header_.size(); ++i) there.emplace_back(cell(i));
  const bool same_order = there == header_;
  std::sort(there.begin(), there.end());
  std::sort(names.begin(), names.end());
  if (there != names) return;
  fail(ErrorCode::data,
       name() + ":1: the line holds the names of the columns, and so does csv.header" +
           (same_order ? "" : ", in another order"),
       same_order ? "remove the line, or leave csv.header out of the config"
                  : "leave csv.header out of the config, or give it this order and remove the line");
}

bool CsvReader::next() {
  if (!read_row()) return false;
  if (is_blank()) {
    if (only_blank_lines_follow()) return false;
    fail_line(row_line_, "blank line between rows",
              header_.size() == 1 ? "remove it, or write \"\" for an empty cell" : "remove it");
  }
  if (row_line_ == 1 && cell_count_ == header_.size()) check_header();
  return true;
}

bool CsvReader::read_row() {
  row_split_ = false;
  for (;;) {
    const Scan scan = scan_row();
    if (scan != Scan::more) return scan == Scan::row;
    fill();
  }
}

void CsvReader::skip_row() {
  if (row_split_) return;
  ++next_line_;
  for (;;) {
    const auto* const end =
        static_cast<const char*>(std::memchr(buffer_.data() + start_, '\n', end_ - start_));
    start_ = end == nullptr ? end_ : static_cast<std::size_t>(end + 1 - buffer_.data());
    if (end != nullptr || source_ended_) break;
    fill();
  }
  special_ = SpecialBytes(buffer_.data() + start_, marks_);
}

void CsvReader::check_length(std::size_t row) const {
  if (row <= kLongestRow) return;
  fail_line(next_line_, "the row is longer than " + std::to_string(kLongestRow >> 20) + " MiB",
            "look for a quote that is never closed, or a line end that is missing");
}

/// Makes room behind the bytes of the unfinished row and reads on.
void CsvReader::fill() {
  check_length(end_ - start_);
  std::memmove(buffer_.data(), buffer_.data() + start_, end_ - start_);
  end_ -= start_;
  start_ = 0;
  if (end_ > (buffer_.size() - kPadding) / 2) buffer_.resize(2 * buffer_.size());
  const std::size_t got = source_.read(buffer_.data() + end_, buffer_.size() - kPadding - end_);
  source_ended_ = got == 0;
  end_ += got;
  std::memset(buffer_.data() + end_, 0, kPadding);
  special_ = SpecialBytes(buffer_.data(), marks_);
}

/// Finds the cells of one row. `more`: the buffer ends before the row does, nothing has changed.
CsvReader::Scan CsvReader::scan_row() {
  const char* const begin = buffer_.data() + start_;
  const char* const end = buffer_.data() + end_;
  SpecialBytes special = special_;
  special.restart_high();
  cell_count_ = 0;
  marked_.clear();
  std::uint32_t lines = 0;
  const char* cell = begin;
  const char* after = nullptr;  // start of the next row
  while (after == nullptr) {
    const char* to = special.next(marks_);
    bool marked = false;
    const std::uint32_t line = lines;
    if (*to == quote_ && to == cell) {
      if (!scan_quoted(special, to, lines, marked)) return Scan::more;
      if (to + 1 == end && !source_ended_) return Scan::more;
      const char follows = to[1];
      if (follows != separator_ && follows != '\n' && follows != '\r' && to + 1 != end) {
        fail_scan(
            cell_count_, lines, "text after the closing quote of a cell",
            (escape_ < 0 ? "double a quote that belongs to the cell, or name the byte before it as csv.escape"
                         : "put csv.escape before a quote that belongs to the cell") +
                marks_text());
      }
      add_cell(cell + 1, to, line, marked);
      to = special.next(marks_);
    } else {
      while (*to == escape_) {
        if (!pass_escaped(special, to, lines, marked)) return Scan::more;
        to = special.next(marks_);
      }
      if (*to == quote_) {
        fail_scan(
            cell_count_, lines, "a quote inside a cell that does not start with one",
            "put the whole cell in quotes and double the quotes inside; if they mean nothing in this file, "
            "change csv.quote" +
                marks_text());
      }
      if (to == end && !source_ended_) return Scan::more;
      if (to == begin && to == end) return Scan::end;
      add_cell(cell, to, line, marked);
    }
    if (*to == separator_) {
      cell = to + 1;
    } else if (*to == '\n') {
      after = to + 1;
    } else if (*to == '\r') {
      if (to + 1 == end && !source_ended_) return Scan::more;
      if (to[1] != '\n') {
        fail_scan(cell_count_ - 1, lines, "a carriage return without a line feed",
                  "end lines with LF or CR LF; put a cell that holds one in quotes");
      }
      special.next(marks_);
      after = to + 2;
    } else {
      if (to != end) fail_scan(cell_count_ - 1, lines, "a NUL byte", kNulHelp);
      after = to;
    }
  }
  check_length(static_cast<std::size_t>(after - begin));
  row_line_ = next_line_;
  next_line_ += lines + 1;
  start_ = static_cast<std::size_t>(after - buffer_.data());
  row_split_ = true;
  // A row that ends with the bytes has used up their NUL.
  special_ = after == end ? SpecialBytes(end, marks_) : special;
  if (special.high()) check_utf8(begin, after);
  if (!header_.empty() && cell_count_ != header_.size()) check_count(begin);
  if (!marked_.empty()) remove_escapes();
  return Scan::row;
}

/// From the opening quote at `at` to the closing one. False: the bytes end before it.
bool CsvReader::scan_quoted(SpecialBytes& special, const char*& at, std::uint32_t& lines, bool& marked) {
  const char* const end = buffer_.data() + end_;
  const std::uint32_t opened = lines;
  for (;;) {
    at = special.next(marks_);
    if (*at == '\n') ++lines;
    if (*at == '\0') {
      if (at != end) fail_scan(cell_count_, lines, "a NUL byte", kNulHelp);
      if (!source_ended_ && end_ - start_ <= kLongestRow) return false;
      fail_scan(cell_count_, opened, "a quote is opened here and never closed",
                "close it, or double it if it is content" + marks_text());
    }
    if (*at == escape_) {
      if (!pass_escaped(special, at, lines, marked)) return false;
      continue;
    }
    if (*at != quote_) continue;
    if (escape_ >= 0 || at[1] != quote_ || at + 1 == end) return true;
    special.next(marks_);
    marked = true;
  }
}

/// Passes the escape at `at` and, where it takes a meaning away, the byte behind it (CR LF is one). False:
/// the bytes end before that is known.
bool CsvReader::pass_escaped(SpecialBytes& special, const char* at, std::uint32_t& lines,
                             bool& marked) const {
  const char* const end = buffer_.data() + end_;
  const bool both_there = at + 1 < end && (at[1] != '\r' || at + 2 < end);
  if (!both_there && !source_ended_) return false;
  if (!is_escapable(at[1])) return true;
  marked = true;
  special.next(marks_);
  if (at[1] == '\r' && at[2] == '\n') special.next(marks_);
  if (at[1] == '\n' || (at[1] == '\r' && at[2] == '\n')) ++lines;
  return true;
}

bool CsvReader::is_escapable(char c) const {
  return c == separator_ || c == quote_ || c == escape_ || c == '\n' || c == '\r';
}

void CsvReader::add_cell(const char* from, const char* to, std::uint32_t line, bool marked) {
  if (cell_count_ == cells_.size() && header_.empty()) cells_.resize(2 * cells_.size() + 16);
  if (marked) marked_.push_back(cell_count_);
  // More cells than the header has are only counted.
  if (cell_count_ < cells_.size()) {
    cells_[cell_count_] = {from, static_cast<std::uint32_t>(to - from), line};
  }
  ++cell_count_;
}

/// Drops the first of two quotes and the escape before what it makes content.
void CsvReader::remove_escapes() {
  const int lead = escape_ < 0 ? quote_ : escape_;
  std::size_t size = 0;
  for (std::size_t i : marked_) size += cells_[i].size;
  unquoted_.clear();
  unquoted_.reserve(size);  // so that no cell's text moves
  for (std::size_t i : marked_) {
    const std::size_t first = unquoted_.size();
    const std::string_view text = cell(i);
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == lead && at + 1 < text.size() && is_escapable(text[at + 1])) ++at;
      unquoted_ += text[at];
    }
    cells_[i].data = unquoted_.data() + first;
    cells_[i].size = static_cast<std::uint32_t>(unquoted_.size() - first);
  }
}

void CsvReader::check_utf8(const char* from, const char* to) const {
  const std::string_view row(from, static_cast<std::size_t>(to - from));
  const std::size_t bad = find_invalid_utf8(row);
  if (bad == std::string_view::npos) return;
  const auto lines = std::count(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(bad), '\n');
  std::size_t column = 0;
  while (column + 1 < std::min(cell_count_, cells_.size()) && cells_[column + 1].data <= from + bad) ++column;
  const std::string place =
      header_.empty() ? "column " + std::to_string(column + 1) : "column " + in_quotes(header_[column]);
  fail_line(row_line_ + static_cast<std::uint64_t>(lines),
            place + ": " + in_quotes(row.substr(bad, 1)) + " is not UTF-8", "convert the file to UTF-8");
}

/// The row that starts at `from` has more or fewer cells than there are columns.
void CsvReader::check_count(const char* from) const {
  if (is_blank()) return;  // has its own message
  const std::string_view row(from, static_cast<std::size_t>(buffer_.data() + start_ - from));
  std::string what = "found " + std::to_string(cell_count_) + (cell_count_ == 1 ? " cell, " : " cells, ") +
                     (dialect_.header.empty() ? "the header has " : "csv.header names ") +
                     std::to_string(header_.size());
  for (const char other : kUsualSeparators) {
    const auto count = static_cast<std::size_t>(std::count(row.begin(), row.end(), other));
    if (cell_count_ == 1 && count + 1 == header_.size()) {
      what += "; the line seems to be separated by " + in_quotes({&other, 1});
    }
  }
  fail_line(
      row_line_, what,
      "give every row one cell per column; put a cell that holds the separator in quotes" + marks_text());
}

bool CsvReader::is_blank() const {
  return cell_count_ == 1 && cells_[0].size == 0 && (quote_ < 0 || cells_[0].data[0] != quote_);
}

bool CsvReader::only_blank_lines_follow() {
  for (std::size_t at = start_;;) {
    while (at < end_ && (buffer_[at] == '\n' || buffer_[at] == '\r')) ++at;
    if (at < end_) return false;
    if (source_ended_) break;
    at -= start_;
    fill();
  }
  start_ = end_;
  special_ = SpecialBytes(buffer_.data() + end_, marks_);
  return true;
}

/// The dialect, to end a help.
std::string CsvReader::marks_text() const {
  return " (csv.separator is " + in_quotes(dialect_.separator) + ", csv.quote " + in_quotes(dialect_.quote) +
         (escape_ < 0 ? "" : ", csv.escape " + in_quotes(dialect_.escape)) +
         (dialect_.header.empty() ? "" : ", and csv.header must name every column") + ")";
}

void CsvReader::fail_line(std::uint64_t line, std::string_view what, std::string help) const {
  Error error{ErrorCode::data, name() + ":" + std::to_string(line) + ": " + std::string(what),
              std::move(help)};
  if (header_.empty()) throw Failure(std::move(error));
  throw BadRow(std::move(error));
}

/// A failure while the row is being scanned.
void CsvReader::fail_scan(std::size_t cell, std::uint32_t line, std::string_view what,
                          std::string help) const {
  const std::string place = cell < header_.size() ? "column " + in_quotes(header_[cell]) + ": " : "";
  fail_line(next_line_ + line, place + std::string(what), std::move(help));
}

void CsvReader::fail_header(std::string_view what, std::string help) const {
  fail(ErrorCode::data, name() + ":1: " + std::string(what), std::move(help));
}

void CsvReader::fail_cell(std::size_t column, std::string_view what, std::string help) const {
  const std::string_view text = cell(column);
  if (text.size() > 1 && text.front() == text.back() && std::string_view("'\"`").find(text[0]) != text.npos) {
    help += "; if its quotes stand around cells in this file, csv.quote must name them";
  }
  if (!dialect_.header.empty()) {
    help += "; csv.header names this column, number " + std::to_string(column + 1) + " of a line";
  }
  fail_line(row_line_ + cells_[column].line,
            "column " + in_quotes(header_[column]) + ": " + std::string(what), std::move(help));
}

}  // namespace dcrnn::data
