#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>

#include "core/failure.hpp"
#include "core/file.hpp"
#include "core/file_calls.hpp"
#include "core/path.hpp"
#include "core/temporary.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

constexpr std::size_t kBufferSize = std::size_t{1} << 16;
constexpr mode_t kPermissionBits = S_IRWXU | S_IRWXG | S_IRWXO;

[[noreturn]] void fail_not_regular(const std::string& path) {
  fail(ErrorCode::io,
       "cannot write " + (path == "-" ? std::string("standard output") : printable(path)) +
           ": not a regular file",
       "name a regular file, not a device or pipe");
}

/// True for what rename() says where a file may be written to but not replaced: mounted by itself, another's
/// in a sticky directory, a directory one may not write to.
bool forbids_replacing(int error) {
  return error == EBUSY || error == EPERM || error == EACCES || error == EROFS || error == EXDEV;
}

/// Failure(io) for an existing file that rename() would not replace, as far as can be told without trying.
void require_replaceable(const std::string& path, const struct stat& file) {
  struct statx extended {};
  const bool known = ::statx(AT_FDCWD, path.c_str(), 0, STATX_BASIC_STATS, &extended) == 0;
  if (known && (extended.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) {
    fail(ErrorCode::io,
         "cannot write " + printable(path) + ": it is mounted by itself, so no other file can take its place",
         "mount the directory it lies in, or write to another place");
  }
  if (known && (extended.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0) {
    fail_io("write", path, EPERM);
  }
  struct stat directory;
  const uid_t user = ::geteuid();
  if (::stat(directory_of(path).c_str(), &directory) == 0 && (directory.st_mode & S_ISVTX) != 0 &&
      user != 0 && user != file.st_uid && user != directory.st_uid) {
    fail_io("write", path, EPERM);
  }
}

/// Makes a rename survive a power cut. File systems that cannot do it, and directories one may write to but
/// not read, are let pass.
void sync_directory(const std::string& directory, const std::string& path) {
  const int descriptor = attempt(
      FileOp::open, directory, [&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) {
    if (errno == EACCES) return;
    fail_io("write", path, errno);
  }
  const int result = attempt(FileOp::sync, directory, [&] { return ::fsync(descriptor); });
  const int error = errno;
  ::close(descriptor);
  if (result < 0 && error != EINVAL && error != EROFS && error != ENOTSUP) fail_io("write", path, error);
}

}  // namespace

OutputFile::OutputFile(const std::string& path, Target target) : path_(path), final_(path), target_(target) {
  if (path.empty()) fail_io("write", path, ENOENT);
  struct stat info;
  const bool standard_output = path == "-";
  const bool exists = !standard_output && ::stat(path.c_str(), &info) == 0;
  if (!standard_output && !exists && errno != ENOENT) fail_io("write", path, errno);
  if (exists && S_ISDIR(info.st_mode)) fail_io("write", path, EISDIR);

  if (standard_output || (exists && !S_ISREG(info.st_mode))) {
    if (target != Target::any) fail_not_regular(path);
    if (standard_output) {
      descriptor_ = STDOUT_FILENO;
    } else {
      open_target();
    }
    return;
  }

  // A rename would go through even where the file itself may not be written.
  if (exists && ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) fail_io("write", path, errno);
  final_ = follow_links(path);
  if (exists && target == Target::regular_only) require_replaceable(final_, info);
  TemporaryFile made = make_temporary(final_);
  descriptor_ = made.descriptor;
  if (descriptor_ < 0) {
    if (!exists || target != Target::any || !forbids_replacing(errno)) fail_io("write", path, errno);
    replaces_ = true;
    open_target();
    return;
  }
  temporary_ = std::move(made.path);  // no copy: it could fail, and leave the file
  if (target == Target::scratch) {
    ::unlink(temporary_.c_str());
    return;
  }
  // Best effort: some file systems know no permissions, and the file is ours either way.
  if (exists) (void)::fchmod(descriptor_, info.st_mode & kPermissionBits);
}

void OutputFile::open_target() {
  descriptor_ = attempt(FileOp::open, final_, [&] { return ::open(final_.c_str(), O_WRONLY | O_CLOEXEC); });
  if (descriptor_ < 0) fail_io("write", path_, errno);
}

OutputFile::~OutputFile() {
  if (!committed_ && temporary_.empty() && !replaces_ && descriptor_ >= 0) {
    try {
      flush();
    } catch (const std::exception&) {  // a destructor has nobody to tell; whoever cares calls commit()
    }
  }
  if (!committed_ && !temporary_.empty()) ::unlink(temporary_.c_str());
  if (descriptor_ >= 0 && path_ != "-") ::close(descriptor_);
}

void OutputFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferSize) flush();
  if (bytes.size() >= kBufferSize) {
    write_all(bytes.data(), bytes.size());
  } else {
    buffer_ += bytes;
  }
}

void OutputFile::flush() {
  std::string pending;
  pending.swap(buffer_);  // what fails is not tried again
  write_all(pending.data(), pending.size());
  pending.clear();
  buffer_.swap(pending);  // keeps the memory
}

MappedFile OutputFile::written() {
  flush();
  return MappedFile(descriptor_, temporary_);
}

void OutputFile::write_all(const char* data, std::size_t size) {
  const std::string& name = temporary_.empty() ? path_ : temporary_;
  if (replaces_ && size > 0) empty_target();
  while (size > 0) {
    const ssize_t written = attempt(FileOp::write, name, [&] { return ::write(descriptor_, data, size); });
    if (written < 0) {
      closed_pipe_ = errno == EPIPE;
      fail_io("write", path_, errno);
    }
    data += written;
    size -= static_cast<std::size_t>(written);
  }
}

void OutputFile::empty_target() {
  if (emptied_) return;
  if (::ftruncate(descriptor_, 0) != 0) fail_io("write", path_, errno);
  emptied_ = true;
}

void OutputFile::commit() {
  flush();
  if (replaces_) empty_target();
  if (!temporary_.empty() || replaces_) {
    if (attempt(FileOp::sync, final_, [&] { return ::fsync(descriptor_); }) < 0) {
      fail_io("write", path_, errno);
    }
  }
  if (!temporary_.empty()) {
    const int renamed =
        attempt(FileOp::rename, final_, [&] { return std::rename(temporary_.c_str(), final_.c_str()); });
    if (renamed < 0) {
      if (target_ != Target::any || !forbids_replacing(errno)) fail_io("write", path_, errno);
      copy_into_target();
      return;
    }
  }
  committed_ = true;
  if (!temporary_.empty()) sync_directory(directory_of(final_), path_);
}

void OutputFile::copy_into_target() {
  const MappedFile all(descriptor_, temporary_);
  ::unlink(temporary_.c_str());
  ::close(descriptor_);
  descriptor_ = -1;
  temporary_.clear();
  replaces_ = true;
  open_target();
  // Room for all of it before the first byte of the old file is lost. Not every file system can tell.
  const auto size = static_cast<off_t>(all.bytes().size());
  struct stat old;
  const bool known = ::fstat(descriptor_, &old) == 0;
  const int no_room = size > 0 ? ::posix_fallocate(descriptor_, 0, size) : 0;
  if (no_room == ENOSPC || no_room == EFBIG) {
    if (known) (void)!::ftruncate(descriptor_, old.st_size);
    fail_io("write", path_, no_room);
  }
  emptied_ = true;  // what is longer is cut off at the end
  write_all(reinterpret_cast<const char*>(all.bytes().data()), all.bytes().size());
  if (::ftruncate(descriptor_, size) != 0) fail_io("write", path_, errno);
  if (attempt(FileOp::sync, final_, [&] { return ::fsync(descriptor_); }) < 0) fail_io("write", path_, errno);
  committed_ = true;
}

}  // namespace dcrnn
