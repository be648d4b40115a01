// Text files written whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "dcrnn/result.hpp"

namespace dcrnn::compare {

/// The old file stays until the new one is on the disk. ErrorCode::io.
Result<void> write_text(const std::string& path, std::string_view text) noexcept;

}  // namespace dcrnn::compare
