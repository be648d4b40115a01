// The settings that every row may be trained with: drawn from one list, the same for all rows.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compare/rows.hpp"
#include "dcrnn/result.hpp"

namespace dcrnn::compare {

/// Setting 0 is the row as it is; behind it `count` others, by number the same for every row: what each says
/// in words, and the row with it.
struct Setting {
  std::string says;
  Row row;
};
Result<std::vector<Setting>> settings(const Row& row, std::size_t count, const std::string& config_name);

}  // namespace dcrnn::compare
