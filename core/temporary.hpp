// Temporary files beside the file they become: named after it, locked while their process lives, so that what
// a killed process leaves can be told from what a living one writes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace dcrnn {

/// A new, locked file beside `path`, open for reading and writing.
struct TemporaryFile {
  std::string path;
  int descriptor = -1;
};

/// descriptor -1 and errno if it cannot be made.
TemporaryFile make_temporary(const std::string& path);

/// True if `name` is that of a temporary file of a target whose name `is_target` accepts. (Of a long name
/// only the first 200 bytes are kept.)
bool is_temporary_of(std::string_view name, const std::function<bool(std::string_view)>& is_target);

/// The part of a target's name that its temporary files carry.
std::string_view kept_of_name(std::string_view name);

/// Removes a temporary file if the process that made it has ended. Where the file system knows no locks
/// nobody can tell, and nothing is removed.
void remove_if_abandoned(const std::string& path);

}  // namespace dcrnn
