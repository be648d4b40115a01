// The text of a config file.
#pragma once

#include <string>
#include <vector>

namespace dcrnn::app {

/// Everything in the file. Failure(io) if it cannot be read, Failure(usage) if it is far too long.
std::string read_config_text(const std::string& path);
/// The same with the assignments KEY=VALUE of --set applied. Failure(usage).
std::string read_config_text(const std::string& path, const std::vector<std::string>& assignments);

}  // namespace dcrnn::app
