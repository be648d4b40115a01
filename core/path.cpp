#include "core/path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <new>

#include "core/file_calls.hpp"

namespace dcrnn {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string joined(const std::string& directory, const std::string& name) {
  if (directory.empty() || name.starts_with('/')) return name;
  return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

std::string absolute_path(const std::string& path) {
  if (path.starts_with('/')) return path;
  char here[PATH_MAX];
  if (::getcwd(here, sizeof here) == nullptr) fail_io("find", path, errno);
  return joined(here, path);
}

std::string follow_links(const std::string& path) {
  constexpr int kLongestChain = 40;
  std::string at = path;
  for (int i = 0; i < kLongestChain; ++i) {
    char target[PATH_MAX];
    const ssize_t size = ::readlink(at.c_str(), target, sizeof target);
    if (size < 0) return at;
    at = joined(at.substr(0, at.rfind('/') + 1), std::string(target, static_cast<std::size_t>(size)));
  }
  fail_io("write", path, ELOOP);
}

std::string canonical_path(const std::string& path) {
  std::string there = path, missing;
  for (;;) {
    const std::unique_ptr<char, decltype(&::free)> real(::realpath(there.c_str(), nullptr), ::free);
    if (real != nullptr) return missing.empty() ? real.get() : joined(real.get(), missing);
    if (errno == ENOMEM) throw std::bad_alloc();
    const bool absent = errno == ENOENT || errno == ENOTDIR;
    if (!absent || there == "./") return "";
    while (there.size() > 1 && there.ends_with('/')) there.pop_back();
    missing = missing.empty() ? name_of(there) : joined(name_of(there), missing);
    there = directory_of(there);
  }
}

int try_make_directories(const std::string& path) {
  for (std::size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    if (::mkdir(path.substr(0, end).c_str(), 0777) == 0 || errno == EEXIST) continue;
    return -1;
  }
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return -1;
  if (S_ISDIR(info.st_mode)) return 0;
  errno = ENOTDIR;
  return -1;
}

}  // namespace dcrnn
