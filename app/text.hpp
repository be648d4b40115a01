// Numbers and words as text for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dcrnn::app {

std::string in_quotes(std::string_view text);               ///< one_line() of it
std::string reason(int error);                              ///< of an errno, in lower case
std::string joined(const std::vector<std::string>& words);  ///< "a, b, c"

std::string fixed(double value, int digits);
std::string fixed(const std::optional<double>& value, int digits);  ///< "-" where undefined
std::string scientific(double value);                               ///< three significant digits
std::string with_commas(std::uint64_t value);                       ///< 1,234,567
std::string duration(double seconds);                               ///< 1:23:45, 4:05, 3.2 s

/// Rows of cells as aligned columns: the first column to the left, the others to the right.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace dcrnn::app
