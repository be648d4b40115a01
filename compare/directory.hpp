// The directory of a comparison: what it stands on, and the files that tell what it has come to.
#pragma once

#include <string>
#include <string_view>

#include "compare/job.hpp"
#include "dcrnn/result.hpp"

namespace dcrnn::compare {

/// What a comparison stands on, as JSON: rows and seeds may be added to it, nothing else may change. A file
/// is known by name and size. ErrorCode::usage for a config that is none.
std::string foundation(const Job& job);

/// Makes DIR, or finds it made by what says the same: `stands_on`, JSON. ErrorCode::model naming the first
/// difference.
Result<void> claim(const std::string& directory, const std::string& stands_on) noexcept;

/// A file of the directory, written whole. ErrorCode::io, telling that what is finished stays.
void write_figures(const std::string& path, std::string_view text);

}  // namespace dcrnn::compare
