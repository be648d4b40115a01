#include "data/number.hpp"

#include <fast_float/fast_float.h>

#include <charconv>
#include <cmath>

#include "core/text.hpp"

namespace dcrnn::data {

std::string parse_number(std::string_view cell, double& value) {
  if (cell.empty()) return "the cell is empty, a number is needed";
  const char* const end = cell.data() + cell.size();
  const auto [stop, error] = fast_float::from_chars(cell.data(), end, value);
  if (stop != end || error == std::errc::invalid_argument) return in_quotes(cell) + " is not a number";
  if (std::isfinite(value)) return {};  // what is too small for a double is 0
  const char first = cell[cell[0] == '-' ? 1 : 0];
  const bool digits = first == '.' || (first >= '0' && first <= '9');
  return in_quotes(cell) + (digits ? " is out of range for a number" : " is not a finite number");
}

std::string parse_id(std::string_view cell, std::size_t size, std::uint32_t& id) {
  std::uint64_t value = 0;
  const char* const end = cell.data() + cell.size();
  const auto [stop, error] = std::from_chars(cell.data(), end, value);
  const bool digits = !cell.empty() && cell[0] != '-' && stop == end;
  if (digits && error == std::errc() && value < size) {
    id = static_cast<std::uint32_t>(value);
    return {};
  }
  if (cell.empty()) return "the cell is empty, an id is needed";
  if (!digits) return in_quotes(cell) + " is not an id (a whole number)";
  return in_quotes(cell) + " is not smaller than the size of the table, " + std::to_string(size);
}

}  // namespace dcrnn::data
