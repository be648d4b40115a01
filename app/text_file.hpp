// The text of a config file.
#pragma once

#include <string>

namespace dcrnn::app {

/// Everything in the file. Failure(io) if it cannot be read, Failure(usage) if it is far too long.
std::string read_config_text(const std::string& path);

}  // namespace dcrnn::app
