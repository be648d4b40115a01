// Single values of a config, set and looked for by their path.
#pragma once

#include <string>
#include <string_view>

namespace dcrnn {

/// Applies one `key.path=value` (value is JSON, or a plain word taken as a string; array elements by index:
/// `fields.0.dim=8`) to JSON text and gives the changed text. Failure(usage).
std::string assign_config_value(std::string_view json, const std::string& assignment,
                                const std::string& source);

/// Whether JSON text, which a config was read from, names the key at this path ("train.epochs").
bool names_config_key(std::string_view json, std::string_view path, const std::string& source);

}  // namespace dcrnn
