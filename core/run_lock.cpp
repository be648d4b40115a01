#include "core/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "core/failure.hpp"
#include "core/file_calls.hpp"
#include "core/path.hpp"
#include "core/temporary.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

constexpr std::string_view kFirstWord = "process ";

/// "process 4711 on host": what the holder of a lock has written into its file.
std::string content_of(int descriptor) {
  char text[256];
  const ssize_t size = ::pread(descriptor, text, sizeof text, 0);
  return printable(std::string_view(text, size > 0 ? static_cast<std::size_t>(size) : 0));
}

std::string this_process() {
  char host[128] = {};
  if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  return std::string(kFirstWord) + std::to_string(::getpid()) + " on " + host;
}

/// Also a lock that another user's killed run has left: then it is ours without our name.
int open_lock(const std::string& file) {
  const int flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  int descriptor =
      attempt(FileOp::open, file, [&] { return ::open(file.c_str(), flags | O_RDWR | O_CREAT, 0666); });
  if (descriptor < 0 && errno == EACCES) {
    descriptor = ::open(file.c_str(), flags | O_RDONLY);
    if (descriptor < 0) errno = EACCES;
  }
  return descriptor;
}

}  // namespace

std::string RunLock::file_of(const std::string& path) {
  const std::string target = follow_links(path);
  return directory_of(target) + "." + std::string(kept_of_name(name_of(target))) + ".dcrnn-lock";
}

RunLock::RunLock(const std::string& path) : file_(file_of(path)) {
  try {
    while (!lock(path)) {
    }
  } catch (...) {  // memory ran out between locking and being somebody's
    if (descriptor_ >= 0) ::close(descriptor_);
    throw;
  }
}

/// False if the file was removed by its last holder meanwhile.
bool RunLock::lock(const std::string& path) {
  descriptor_ = open_lock(file_);
  if (descriptor_ < 0) fail_io("write", path, errno);
  const bool locked = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  const bool held_by_other = !locked && errno == EWOULDBLOCK;
  const std::string content = content_of(descriptor_);
  struct stat ours, there;
  const bool current = ::fstat(descriptor_, &ours) == 0 && ::stat(file_.c_str(), &there) == 0 &&
                       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
  if (!held_by_other && current && (content.empty() || content.starts_with(kFirstWord))) {
    const std::string text = this_process();
    // Only for the message of others: a lock without a name locks as well.
    if (::ftruncate(descriptor_, 0) == 0) (void)!::pwrite(descriptor_, text.data(), text.size(), 0);
    return true;
  }
  ::close(descriptor_);
  descriptor_ = -1;
  if (held_by_other && current) {
    fail(ErrorCode::io,
         printable(path) + ": another training run is writing it: " +
             (content.empty() ? "a process that has just begun" : content),
         "wait until it has ended, or name another model to write");
  }
  if (current) {
    fail(ErrorCode::io,
         "cannot lock " + printable(path) + ": " + printable(file_) + " is not a lock of dcrnn",
         "move that file away, or name another model to write");
  }
  return false;
}

RunLock::~RunLock() {
  if (descriptor_ < 0) return;
  ::unlink(file_.c_str());
  ::flock(descriptor_, LOCK_UN);  // a child that was forked meanwhile may hold the descriptor too
  ::close(descriptor_);
}

}  // namespace dcrnn
