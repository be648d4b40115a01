// All file access of the library: thin wrappers over POSIX calls that turn errno into Failure(io), and one
// hook through which a test makes the n-th operation fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/buffer.hpp"

namespace dcrnn {

enum class FileOp { open, read, write, sync, rename, remove, map, make_directory };

/// Test hook: called before every operation; a non-zero errno it returns is taken as the operation's failure.
/// Pass nullptr to remove it. Not thread-safe; meant for tests only.
void set_file_fault(std::function<int(FileOp, const std::string& path)> fault);

/// A file opened for reading; "-" is standard input. Failure(io) names the path and the reason
/// ("no such file or directory", "is a directory", ...).
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  /// Up to `size` bytes; 0 at the end.
  std::size_t read(void* to, std::size_t size);
  /// Up to `size` bytes from byte `offset` on, of a regular file, whatever was read before; fewer only at the
  /// end. Safe for several threads at once.
  std::size_t read_at(std::uint64_t offset, void* to, std::size_t size) const;
  /// Size in bytes of a regular file, 0 otherwise.
  std::uint64_t size() const;
  bool is_regular() const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int descriptor_ = -1;
};

/// The content of a regular file, in memory: what others do to the file afterwards changes nothing.
/// Failure(io) if it is none.
Buffer<std::byte> file_content(const std::string& path);

/// A whole file mapped read-only. For files that nobody else can change: of others, one that is cut short
/// ends the process.
class MappedFile {
 public:
  MappedFile() = default;
  /// Of an open descriptor, which may be closed afterwards; `path` names it in errors.
  MappedFile(int descriptor, const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Writes a file so that its final name never holds half of it: a temporary beside it, then fsync, rename and
/// fsync of the directory on commit(). A symbolic link is followed. A target that exists and is no regular
/// file (a device, a pipe), and "-" (standard output), is written to directly. One that may be written but
/// not replaced (mounted by itself, say) gets the bytes of the temporary on commit(), or, where not even a
/// temporary may lie beside it, all bytes as they come. Destroyed before commit(): the temporary is removed
/// and the old file stays.
class OutputFile {
 public:
  enum class Target {
    any,
    regular_only,  ///< a device or pipe as target, and a file that cannot be replaced, is Failure(io)
    scratch,  ///< never committed, and nameless from the start: nothing stays of a process that is killed
  };
  explicit OutputFile(const std::string& path, Target target = Target::any);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Buffered. Failure(io) when the disk is full; closed pipe on standard output is Failure(io) too, see
  /// closed_pipe().
  void write(std::string_view bytes);
  void flush();
  /// Flushes and maps everything written so far. For scratch files.
  MappedFile written();
  void commit();
  /// True once a write has failed with EPIPE.
  bool closed_pipe() const { return closed_pipe_; }

 private:
  void open_target();
  void write_all(const char* data, std::size_t size);
  void empty_target();
  void copy_into_target();

  std::string path_;       // the name the user knows
  std::string final_;      // after following links
  std::string temporary_;  // empty when written directly
  std::string buffer_;
  Target target_;
  int descriptor_ = -1;
  bool replaces_ = false;  // a regular file written directly: its old bytes go when the first new one comes
  bool emptied_ = false;
  bool committed_ = false;
  bool closed_pipe_ = false;
};

/// Appends `line` and a newline to `path` (created if absent), all of it or nothing.
void append_line(const std::string& path, std::string_view line);
bool file_exists(const std::string& path);
/// Creates `path` and its parents; nothing if it is there.
void make_directories(const std::string& path);
/// Removes a file; nothing if it is not there.
void remove_file(const std::string& path);

}  // namespace dcrnn
