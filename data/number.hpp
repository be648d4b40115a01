// Numbers from the text of cells, whatever the locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dcrnn::data {

/// Reads a finite decimal number that fills the whole cell. Gives "" or what is wrong with the cell.
std::string parse_number(std::string_view cell, double& value);

/// Reads an id: decimal digits only, smaller than `size`. Gives "" or what is wrong with the cell.
std::string parse_id(std::string_view cell, std::size_t size, std::uint32_t& id);

}  // namespace dcrnn::data
