// Text files written whole or not at all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dcrnn/result.hpp"

namespace dcrnn::compare {

/// The old file stays until the new one is on the disk. ErrorCode::io.
Result<void> write_text(const std::string& path, std::string_view text) noexcept;

/// ErrorCode::usage if `path` is one of the files that are read, by whatever name; ErrorCode::io if it cannot
/// be written. `what`: the file in words. Nothing on disk changes.
Result<void> check_output(const std::string& what, const std::string& path,
                          const std::vector<std::string>& reads) noexcept;

}  // namespace dcrnn::compare
