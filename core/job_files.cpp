#include "core/job_files.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "core/failure.hpp"
#include "core/path.hpp"
#include "core/temporary.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

constexpr const char* kHelp = "give every file that is written a name of its own";

std::string shown(const std::string& path, const char* standard) {
  return path == "-" ? standard : printable(path);
}

bool is_same_file(const struct stat& a, const struct stat& b) {
  const bool holds_data = S_ISREG(a.st_mode) || S_ISDIR(a.st_mode) || S_ISBLK(a.st_mode);
  return holds_data && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

struct CloseDirectory {
  void operator()(DIR* open) const { ::closedir(open); }
};

/// The names in a directory; none if it cannot be read.
std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDirectory> open(::opendir(directory.c_str()));
  if (open == nullptr) return names;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

}  // namespace

JobFiles::Entry JobFiles::entry(const std::string& what, const std::string& path, int standard) {
  Entry made{what, path, "", std::nullopt};
  struct stat status;
  const int result = path == "-" ? ::fstat(standard, &status) : ::stat(path.c_str(), &status);
  if (result == 0) made.status = status;
  return made;
}

void JobFiles::reads(const std::string& path) {
  read_.push_back(entry("", path, STDIN_FILENO));
}

void JobFiles::writes(const std::string& what, const std::string& path) {
  Entry made = entry(what, path, STDOUT_FILENO);
  if (path != "-" && !path.empty()) {
    made.location = canonical_path(follow_links(path));
  }
  written_.push_back(std::move(made));
}

void JobFiles::writes_in(const std::string& what, const std::string& directory, NameTest is_ours) {
  writes(what, directory);
  for (const std::string& name : names_in(directory)) {
    if (is_ours(name)) writes(what, joined(directory, name));
  }
  directories_.push_back({directory, std::move(is_ours)});
}

void JobFiles::check() const {
  for (const Entry& written : written_) {
    for (const Entry& read : read_) {
      if (!written.status || !read.status || !is_same_file(*written.status, *read.status)) continue;
      fail(ErrorCode::usage,
           shown(written.path, "standard output") + ": " + written.what + " to write is the file to read " +
               shown(read.path, "standard input"),
           kHelp);
    }
  }
  for (const Entry& one : written_) {
    for (const Entry& other : written_) {
      if (one.what == other.what) continue;
      const bool same = (one.status && other.status && is_same_file(*one.status, *other.status)) ||
                        (!one.location.empty() && one.location == other.location);
      const bool below = !one.location.empty() && other.location.starts_with(one.location + "/") &&
                         !(one.status && S_ISDIR(one.status->st_mode));
      if (!same && !below) continue;
      fail(ErrorCode::usage,
           shown(other.path, "standard output") + ": " + other.what + " to write " +
               (same ? "is also " : "would lie in ") + one.what + " " + shown(one.path, "standard output"),
           kHelp);
    }
  }
}

bool JobFiles::is_read(const std::string& path) const {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return true;
  return std::any_of(read_.begin(), read_.end(),
                     [&](const Entry& read) { return read.status && is_same_file(status, *read.status); });
}

void JobFiles::sweep(const std::string& directory, const NameTest& is_target) const {
  for (const std::string& name : names_in(directory)) {
    const std::string path = joined(directory, name);
    if (is_temporary_of(name, is_target) && !is_read(path)) remove_if_abandoned(path);
  }
}

void JobFiles::sweep() const {
  for (const Entry& written : written_) {
    if (written.location.empty() || (written.status && !S_ISREG(written.status->st_mode))) continue;
    const std::string name = name_of(written.location);
    sweep(directory_of(written.location), [&](std::string_view kept) { return kept == kept_of_name(name); });
  }
  for (const Directory& directory : directories_) sweep(directory.path, directory.is_ours);
}

}  // namespace dcrnn
