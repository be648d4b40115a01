#include "core/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/failure.hpp"
#include "core/file_calls.hpp"
#include "core/path.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

std::function<int(FileOp, const std::string&)>& fault() {
  static std::function<int(FileOp, const std::string&)> hook;
  return hook;
}

/// The reason in plain English, whatever the locale.
std::string reason(int error) {
  const char* text = strerrordesc_np(error);
  if (text == nullptr) return "system error " + std::to_string(error);
  std::string lower = text;
  if (lower[0] >= 'A' && lower[0] <= 'Z') lower[0] = static_cast<char>(lower[0] - 'A' + 'a');
  return lower;
}

std::string remedy(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "check the path for a typing error";
    case EACCES:
    case EPERM:
    case EROFS:
      return "check the permissions of the file and of its directory";
    case EISDIR:
      return "name a file, not a directory";
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "free some space or write to another place";
    case ENOMEM:
      return "free some memory, or raise the limit of this process";
    default:
      return "check the path and the device it lies on";
  }
}

[[noreturn]] void fail_not_regular(const std::string& path) {
  fail(ErrorCode::io,
       "cannot read " + (path == "-" ? std::string("standard input") : printable(path)) +
           ": not a regular file",
       "name a regular file, not a device or pipe");
}

[[noreturn]] void fail_changed(const std::string& path) {
  fail(ErrorCode::io, "cannot read " + printable(path) + ": it became shorter while it was read",
       "let nobody write to it meanwhile");
}

int open_for_reading(const std::string& path) {
  const int descriptor =
      attempt(FileOp::open, path, [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (descriptor < 0) fail_io("open", path, errno);
  struct stat info;
  if (::fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode)) {
    ::close(descriptor);
    fail_io("open", path, EISDIR);
  }
  return descriptor;
}

}  // namespace

void set_file_fault(std::function<int(FileOp, const std::string& path)> hook) {
  fault() = std::move(hook);
}

int injected_fault(FileOp op, const std::string& path) {
  return fault() ? fault()(op, path) : 0;
}

void fail_io(std::string_view verb, const std::string& path, int error) {
  const std::string shown = path == "-"    ? (verb == "write" ? "standard output" : "standard input")
                            : path.empty() ? "\"\""
                                           : printable(path);
  fail(error == ENOMEM ? ErrorCode::memory : ErrorCode::io,
       "cannot " + std::string(verb) + " " + shown + ": " + reason(error), remedy(error));
}

InputFile::InputFile(const std::string& path)
    : path_(path), descriptor_(path == "-" ? STDIN_FILENO : open_for_reading(path)) {}

InputFile::~InputFile() {
  if (descriptor_ > STDIN_FILENO || (descriptor_ == STDIN_FILENO && path_ != "-")) ::close(descriptor_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

std::size_t InputFile::read(void* to, std::size_t size) {
  const ssize_t got = attempt(FileOp::read, path_, [&] { return ::read(descriptor_, to, size); });
  if (got < 0) fail_io("read", path_, errno);
  return static_cast<std::size_t>(got);
}

std::size_t InputFile::read_at(std::uint64_t offset, void* to, std::size_t size) const {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = attempt(FileOp::read, path_, [&] {
      return ::pread(descriptor_, static_cast<char*>(to) + done, size - done,
                     static_cast<off_t>(offset + done));
    });
    if (got < 0) fail_io("read", path_, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::uint64_t InputFile::size() const {
  struct stat info;
  if (::fstat(descriptor_, &info) != 0) fail_io("read", path_, errno);
  return S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0;
}

bool InputFile::is_regular() const {
  struct stat info;
  return ::fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode);
}

Buffer<std::byte> file_content(const std::string& path) {
  InputFile file(path);
  if (path == "-" || !file.is_regular()) fail_not_regular(path);
  Buffer<std::byte> bytes(file.size(), printable(path));
  const std::size_t got = file.read_at(0, bytes.data(), bytes.size());
  if (got < bytes.size()) fail_changed(path);
  return bytes;
}

MappedFile::MappedFile(int descriptor, const std::string& path) {
  struct stat info;
  if (::fstat(descriptor, &info) != 0) fail_io("read", path, errno);
  if (!S_ISREG(info.st_mode)) {
    fail(ErrorCode::io,
         "cannot read " + (path == "-" ? std::string("standard input") : printable(path)) +
             ": not a regular file",
         "name a regular file, not a device or pipe");
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0) return;
  void* address = MAP_FAILED;
  const int result = attempt(FileOp::map, path, [&] {
    address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    return address == MAP_FAILED ? -1 : 0;
  });
  if (result < 0) fail_io("read", path, errno);
  data_ = static_cast<const std::byte*>(address);
  size_ = size;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void append_line(const std::string& path, std::string_view line) {
  const int descriptor = attempt(FileOp::open, path, [&] {
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  });
  if (descriptor < 0) fail_io("write", path, errno);
  struct stat before;
  const bool can_be_cut = ::fstat(descriptor, &before) == 0 && S_ISREG(before.st_mode);
  std::string bytes(line);
  bytes += '\n';
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written = attempt(
        FileOp::write, path, [&] { return ::write(descriptor, bytes.data() + done, bytes.size() - done); });
    if (written < 0) {
      const int error = errno;
      if (can_be_cut) (void)!::ftruncate(descriptor, before.st_size);  // half a line would spoil the next
      ::close(descriptor);
      fail_io("write", path, error);
    }
    done += static_cast<std::size_t>(written);
  }
  ::close(descriptor);
}

bool file_exists(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0;
}

void make_directories(const std::string& path) {
  const int result = attempt(FileOp::make_directory, path, [&] { return try_make_directories(path); });
  if (result < 0) fail_io("create directory", path, errno);
}

void remove_file(const std::string& path) {
  const int result = attempt(FileOp::remove, path, [&] { return ::unlink(path.c_str()); });
  if (result < 0 && errno != ENOENT) fail_io("remove", path, errno);
}

}  // namespace dcrnn
