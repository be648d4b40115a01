// What columns rows in memory have for a config.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/schema.hpp"

namespace dcrnn::api {

/// One for every field that reads one column of its own, under the field's name, in the order of the config;
/// then one for every column that only keys of rate fields read, under its own.
struct RowColumns {
  explicit RowColumns(const Schema& config);

  std::vector<std::string> names;
  std::vector<std::vector<std::size_t>> of;  ///< per field: its own; or those of its key
};

}  // namespace dcrnn::api
