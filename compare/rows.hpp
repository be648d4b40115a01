// The rows of a comparison: what the name of a model makes of a config.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dcrnn/result.hpp"

namespace dcrnn::compare {

inline constexpr std::size_t kNoParent = static_cast<std::size_t>(-1);
struct Task {
  std::string name;
  std::size_t parent = kNoParent;
};
/// The tasks of a config; none where it does not list them well, which training will name.
std::vector<Task> tasks_of(std::string_view config);

/// One model, or one for each task.
struct Row {
  std::string name;
  std::vector<std::string> configs;  ///< JSON
};

/// Names that make_row() knows, in the order of the table.
const std::vector<std::string>& row_names();

/// `config`: JSON without comments, as set_config_value() gives it. ErrorCode::usage for a name that is
/// unknown, with the nearest one, and for a config without tasks.
Result<Row> make_row(const std::string& name, std::string_view config, const std::string& config_name);

}  // namespace dcrnn::compare
