// The files of one data set, before any of them is read.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace dcrnn::data {

/// Failure(usage) if no file is named.
void require_paths(const std::vector<std::string>& paths);

/// Bytes of all files. Failure(usage) if one is no regular file: training reads its files twice.
std::uint64_t size_of_all(const std::vector<std::string>& paths);

/// FileDigest of a whole file. Calls `after_piece` on the way.
std::uint64_t digest_of_file(
    const std::string& path, const std::function<void()>& after_piece = [] {});

/// None of the files had a row: Failure(data).
[[noreturn]] void fail_no_rows(const std::vector<std::string>& paths);

}  // namespace dcrnn::data
