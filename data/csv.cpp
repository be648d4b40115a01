#include "data/csv.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::data {
namespace {

constexpr std::size_t kFirstBuffer = std::size_t{1} << 20;
constexpr std::size_t kPadding = 64;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

CsvReader::CsvReader(const std::string& path) : source_(path), buffer_(kFirstBuffer + kPadding) {
  fill();
  if (std::string_view(buffer_.data(), end_).starts_with(kByteOrderMark)) {
    start_ = kByteOrderMark.size();
    special_ = SpecialBytes(buffer_.data() + start_);
  }
  read_header();
}

void CsvReader::read_header() {
  const char* const help = "the first line of a data file names its columns, separated by commas";
  if (!read_row()) fail_header("the file is empty", help);
  if (cell_count_ == 1 && cells_[0].size == 0) fail_header("the header is blank", help);
  cells_.resize(cell_count_);
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < cell_count_; ++i) {
    const auto [first, fresh] = seen.emplace(cell(i), i);
    if (!fresh) {
      fail_header("column " + in_quotes(cell(i)) + " stands twice in the header, as column " +
                      std::to_string(first->second + 1) + " and " + std::to_string(i + 1),
                  "rename or remove one of the two");
    }
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < cell_count_; ++i) names.emplace_back(cell(i));
  header_ = std::move(names);
}

bool CsvReader::next() {
  if (!read_row()) return false;
  if (cell_count_ == 1 && cells_[0].size == 0 && cells_[0].data[0] != '"') {
    if (only_blank_lines_follow()) return false;
    fail_line(row_line_, "blank line between rows",
              header_.size() == 1 ? "remove it, or write \"\" for an empty cell" : "remove it");
  }
  if (cell_count_ != header_.size()) {
    fail_line(row_line_,
              "found " + std::to_string(cell_count_) + (cell_count_ == 1 ? " cell" : " cells") +
                  ", the header has " + std::to_string(header_.size()),
              "give every row one cell per column; put a cell that holds a comma in quotes");
  }
  return true;
}

bool CsvReader::read_row() {
  for (;;) {
    const Scan scan = scan_row();
    if (scan != Scan::more) return scan == Scan::row;
    fill();
  }
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
  const std::size_t room = buffer_.size() - kPadding - end_;
  const std::size_t got = source_.read(buffer_.data() + end_, room);
  source_ended_ = got < room;
  end_ += got;
  std::memset(buffer_.data() + end_, 0, kPadding);
  special_ = SpecialBytes(buffer_.data());
}

/// Finds the cells of one row. `more`: the buffer ends before the row does, nothing has changed.
CsvReader::Scan CsvReader::scan_row() {
  const char* const begin = buffer_.data() + start_;
  const char* const end = buffer_.data() + end_;
  SpecialBytes special = special_;
  special.restart_high();
  cell_count_ = 0;
  doubled_.clear();
  std::uint32_t lines = 0;
  const char* cell = begin;
  const char* after = nullptr;  // start of the next row
  while (after == nullptr) {
    const char* from = cell;
    const char* to = special.next();
    bool doubled = false;
    const std::uint32_t line = lines;
    if (*to == '"') {
      if (to != cell) {
        fail_scan(cell_count_, lines, "a quote inside a cell that does not start with one",
                  "put the whole cell in quotes and double the quotes inside");
      }
      ++from;
      if (!scan_quoted(special, to, lines, doubled)) return Scan::more;
      if (to + 1 == end && !source_ended_) return Scan::more;
      const char follows = to[1];
      if (follows != ',' && follows != '\n' && follows != '\r' && to + 1 != end) {
        fail_scan(cell_count_, lines, "text after the closing quote of a cell",
                  "double a quote that belongs to the cell");
      }
      add_cell(from, to, line, doubled);
      to = special.next();
    } else {
      if (to == end && !source_ended_) return Scan::more;
      if (to == begin && to == end) return Scan::end;
      add_cell(from, to, line, doubled);
    }
    switch (*to) {
      case ',':
        cell = to + 1;
        break;
      case '\n':
        after = to + 1;
        break;
      case '\r':
        if (to + 1 == end && !source_ended_) return Scan::more;
        if (to[1] != '\n') {
          fail_scan(cell_count_ - 1, lines, "a carriage return without a line feed",
                    "end lines with LF or CR LF; put a cell that holds one in quotes");
        }
        special.next();
        after = to + 2;
        break;
      default:
        if (to != end)
          fail_scan(cell_count_ - 1, lines, "a NUL byte",
                    "the file is no CSV text in UTF-8: export it again");
        after = to;
    }
  }
  check_length(static_cast<std::size_t>(after - begin));
  if (special.high()) check_utf8(begin, after);
  if (!doubled_.empty()) remove_doubled_quotes();
  row_line_ = next_line_;
  next_line_ += lines + 1;
  start_ = static_cast<std::size_t>(after - buffer_.data());
  // A row that ends with the bytes has used up their NUL.
  special_ = after == end ? SpecialBytes(end) : special;
  return Scan::row;
}

/// From the opening quote at `at` to the closing one. False: the bytes end before it.
bool CsvReader::scan_quoted(SpecialBytes& special, const char*& at, std::uint32_t& lines, bool& doubled) {
  const char* const end = buffer_.data() + end_;
  const std::uint32_t opened = lines;
  for (;;) {
    at = special.next();
    if (*at == '\n') ++lines;
    if (*at == '\0') {
      if (at != end)
        fail_scan(cell_count_, lines, "a NUL byte", "the file is no CSV text in UTF-8: export it again");
      if (!source_ended_ && end_ - start_ <= kLongestRow) return false;
      fail_scan(cell_count_, opened, "a quote is opened here and never closed",
                "close it, or double it if it is content");
    }
    if (*at != '"') continue;
    if (at[1] != '"' || at + 1 == end) return true;
    special.next();
    doubled = true;
  }
}

void CsvReader::add_cell(const char* from, const char* to, std::uint32_t line, bool doubled) {
  if (cell_count_ == cells_.size() && header_.empty()) cells_.resize(2 * cells_.size() + 16);
  if (doubled) doubled_.push_back(cell_count_);
  // More cells than the header has are only counted.
  if (cell_count_ < cells_.size()) {
    cells_[cell_count_] = {from, static_cast<std::uint32_t>(to - from), line};
  }
  ++cell_count_;
}

void CsvReader::remove_doubled_quotes() {
  std::size_t size = 0;
  const auto known = [this](std::size_t i) { return i < cells_.size(); };
  for (std::size_t i : doubled_) size += known(i) ? cells_[i].size : 0;
  unquoted_.clear();
  unquoted_.reserve(size);  // so that no cell's text moves
  for (std::size_t i : doubled_) {
    if (!known(i)) continue;
    const std::size_t first = unquoted_.size();
    const std::string_view text = cell(i);
    for (std::size_t at = 0; at < text.size(); ++at) {
      unquoted_ += text[at];
      if (text[at] == '"') ++at;
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
  fail_line(next_line_ + static_cast<std::uint64_t>(lines),
            place + ": " + in_quotes(row.substr(bad, 1)) + " is not UTF-8", "convert the file to UTF-8");
}

bool CsvReader::only_blank_lines_follow() {
  const std::uint64_t line = row_line_;
  while (read_row()) {
    if (cell_count_ != 1 || cells_[0].size != 0 || cells_[0].data[0] == '"') {
      row_line_ = line;
      return false;
    }
  }
  return true;
}

void CsvReader::fail_line(std::uint64_t line, std::string_view what, std::string help) const {
  fail(ErrorCode::data, name() + ":" + std::to_string(line) + ": " + std::string(what), std::move(help));
}

/// A failure while the row is being scanned.
void CsvReader::fail_scan(std::size_t cell, std::uint32_t line, std::string_view what,
                          std::string help) const {
  const std::string place = cell < header_.size() ? "column " + in_quotes(header_[cell]) + ": " : "";
  fail_line(next_line_ + line, place + std::string(what), std::move(help));
}

void CsvReader::fail_header(std::string_view what, std::string help) const {
  fail_line(1, what, std::move(help));
}

void CsvReader::fail_cell(std::size_t column, std::string_view what, std::string help) const {
  fail_line(row_line_ + cells_[column].line,
            "column " + in_quotes(header_[column]) + ": " + std::string(what), std::move(help));
}

}  // namespace dcrnn::data
