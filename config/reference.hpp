// Config keys for the reader of the documentation.
#pragma once

#include <string>
#include <vector>

#include "config/json.hpp"
#include "config/keys.hpp"

namespace dcrnn {

/// A Markdown table of all keys: path, values, default, meaning. `defaults` are configs that together have
/// every key that has a default.
std::string keys_markdown(KeyList keys, const std::vector<Json>& defaults);

}  // namespace dcrnn
