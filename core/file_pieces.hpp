// Many small pieces of a file that others may cut short or overwrite at any time.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "core/buffer.hpp"

namespace dcrnn {

/// Copies pieces of a file into memory of its own, all of a batch at once. A file of up to kResident bytes is
/// read when it is opened. A larger one is mapped, but only the kernel reads from the mapping, with one
/// system call for a batch: where bytes are gone it says so, while the process would be ended by a signal.
/// (One pread for every piece costs a small model a fifth of its speed.)
class FilePieces {
 public:
  static constexpr std::size_t kResident = std::size_t{256} << 20;

  /// Failure(io) if the file cannot be opened, read or mapped. `resident`: see above.
  explicit FilePieces(const std::string& path, std::size_t resident = kResident);
  ~FilePieces();
  FilePieces(const FilePieces&) = delete;
  FilePieces& operator=(const FilePieces&) = delete;

  /// The pieces asked for next begin anew.
  void clear();
  /// Asks for `size` bytes from byte `offset` on. What lies behind the piece before is joined to it.
  void add(std::uint64_t offset, std::size_t size);
  /// All pieces behind each other, valid until the next call; null if somebody has written to the file since
  /// it was opened, or it no longer has them. The time of the last change may be coarse: whether they are
  /// what they were is the caller's to check. Allocates only while it grows.
  const std::byte* copy();

 private:
  bool changed() const;
  void grow();

  /// An open file; closed by its destructor.
  struct Descriptor {
    int number = -1;
    ~Descriptor();
  };

  std::string path_;
  Descriptor descriptor_, memory_;  // of the file; of one without a name, in memory
  std::uint64_t size_ = 0;
  timespec written_{};  // when somebody last wrote to it
  Buffer<std::byte> resident_;
  std::byte* file_ = nullptr;  // resident_, or mapped
  std::vector<iovec> pieces_;
  std::size_t total_ = 0;
  bool inside_ = true;  // all pieces lie inside the file as it was opened
  std::byte* copied_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace dcrnn
