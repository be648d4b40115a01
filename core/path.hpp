// Paths as strings, after POSIX. The library puts none together with std::filesystem::path: where memory runs
// out, its operator/ (libstdc++ 12) ends the process.
#pragma once

#include <string>

namespace dcrnn {

/// Up to the last slash, which stays; "./" for a name alone.
std::string directory_of(const std::string& path);
/// After the last slash.
std::string name_of(const std::string& path);
/// `name` in a directory; `name` itself if it begins at the root.
std::string joined(const std::string& directory, const std::string& name);
/// From the root on. Failure(io) if the working directory has gone.
std::string absolute_path(const std::string& path);
/// What a chain of symbolic links ends in, which need not exist. Failure(io) for a ring.
std::string follow_links(const std::string& path);
/// The one name of a place: from the root on, without links in those of its directories that exist.
/// Empty if it cannot be told.
std::string canonical_path(const std::string& path);
/// Makes the directories of a path that are missing, like `mkdir -p`: 0, or -1 and errno.
int try_make_directories(const std::string& path);

}  // namespace dcrnn
