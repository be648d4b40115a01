#include "app/text.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "dcrnn/files.hpp"

namespace dcrnn::app {
namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
  char text[400];  // a double has at most 309 digits before the point
  const int size = std::snprintf(text, sizeof text, format, values...);
  return {text, static_cast<std::size_t>(std::clamp(size, 0, static_cast<int>(sizeof text) - 1))};
}

}  // namespace

std::string in_quotes(std::string_view text) {
  return '"' + one_line(text) + '"';
}

std::string reason(int error) {
  std::string text = std::strerror(error);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string fixed(double value, int digits) {
  return formatted("%.*f", digits, value);
}

std::string fixed(const std::optional<double>& value, int digits) {
  return value ? fixed(*value, digits) : "-";
}

std::string scientific(double value) {
  return formatted("%.2e", value);
}

std::string with_commas(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string duration(double seconds) {
  constexpr double kLongest = 1e9;  // also keeps the conversion below defined
  if (!(seconds >= 0) || seconds > kLongest) return "?";
  if (seconds < 59.95) return fixed(seconds, 1) + " s";
  const long whole = std::lround(seconds);
  const long hours = whole / 3600, minutes = whole / 60 % 60;
  if (hours > 0) return formatted("%ld:%02ld:%02ld", hours, minutes, whole % 60);
  return formatted("%ld:%02ld", minutes, whole % 60);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    if (row.size() > widths.size()) widths.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      line += i == 0 ? row[i] + padding : "  " + padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace dcrnn::app
