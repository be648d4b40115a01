#include "core/temporary.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "core/file_calls.hpp"
#include "core/path.hpp"

namespace dcrnn {
namespace {

constexpr std::string_view kMark = ".dcrnn-";
constexpr std::string_view kEnd = ".tmp";
constexpr std::size_t kNameKept = 200;  // leaves room for the rest within the usual limit of 255 bytes

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A name beside `path` that nobody else of this process uses.
std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  return directory_of(path) + "." + std::string(kept_of_name(name_of(path))) + std::string(kMark) +
         std::to_string(::getpid()) + "-" + std::to_string(counter++) + std::string(kEnd);
}

/// False if somebody has taken the file for an abandoned one between its making and its locking.
bool still_ours(int descriptor) {
  struct stat info;
  return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? ::fstat(descriptor, &info) != 0 || info.st_nlink > 0
                                                     : errno != EWOULDBLOCK;
}

}  // namespace

TemporaryFile make_temporary(const std::string& path) {
  for (;;) {
    TemporaryFile made{temporary_name(path), -1};
    made.descriptor = attempt(FileOp::open, made.path, [&] {
      return ::open(made.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    });
    if (made.descriptor < 0 && errno == EEXIST) continue;
    if (made.descriptor < 0 || still_ours(made.descriptor)) return made;
    ::close(made.descriptor);
  }
}

std::string_view kept_of_name(std::string_view name) {
  return name.substr(0, kNameKept);
}

bool is_temporary_of(std::string_view name, const std::function<bool(std::string_view)>& is_target) {
  if (!name.starts_with('.') || !name.ends_with(kEnd)) return false;
  name = name.substr(1, name.size() - 1 - kEnd.size());
  const std::size_t mark = name.rfind(kMark);
  if (mark == std::string_view::npos || !is_target(name.substr(0, mark))) return false;
  const std::string_view numbers = name.substr(mark + kMark.size());
  const std::size_t dash = numbers.find('-');
  return dash != std::string_view::npos && is_number(numbers.substr(0, dash)) &&
         is_number(numbers.substr(dash + 1));
}

void remove_if_abandoned(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat info;
  const bool plain = ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1 &&
                     info.st_uid == ::geteuid();
  // A maker that lives holds the lock until the file has its final name.
  if (plain && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
  ::close(descriptor);
}

}  // namespace dcrnn
