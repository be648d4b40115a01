// Files that the build puts into the program.
#pragma once

#include <string_view>
#include <vector>

namespace dcrnn::stepper {

struct Text {
  std::string_view name;  ///< "docs/cross.md"
  std::string_view text;
};

/// Every page that has a table of letters, the layers and the plain kernels, and the stepper's own .js and
/// .css.
const std::vector<Text>& texts();

}  // namespace dcrnn::stepper
