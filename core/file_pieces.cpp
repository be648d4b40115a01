#include "core/file_pieces.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "core/failure.hpp"
#include "core/file_calls.hpp"
#include "core/size.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

constexpr std::size_t kLeast = std::size_t{1} << 16;  ///< memory for copies, bytes

/// mmap as a call that `attempt` understands: the address, or MAP_FAILED and errno.
void* map(const std::string& path, std::size_t size, int access, int flags, int descriptor) {
  void* address = MAP_FAILED;
  attempt(FileOp::map, path, [&] {
    address = ::mmap(nullptr, size, access, flags, descriptor, 0);
    return address == MAP_FAILED ? -1 : 0;
  });
  return address;
}

}  // namespace

FilePieces::Descriptor::~Descriptor() {
  if (number >= 0) ::close(number);
}

FilePieces::FilePieces(const std::string& path, std::size_t resident) : path_(path) {
  descriptor_.number =
      attempt(FileOp::open, path, [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  struct stat info;
  if (descriptor_.number < 0 || ::fstat(descriptor_.number, &info) != 0) fail_io("open", path, errno);
  size_ = static_cast<std::uint64_t>(info.st_size);
  written_ = info.st_mtim;
  if (size_ <= resident) {
    resident_ = Buffer<std::byte>(size_, printable(path));
    file_ = resident_.data();
    for (std::size_t done = 0; done < size_;) {
      const ssize_t got = attempt(FileOp::read, path, [&] {
        return ::pread(descriptor_.number, file_ + done, size_ - done, static_cast<off_t>(done));
      });
      if (got < 0) fail_io("read", path, errno);
      if (got == 0) break;  // shorter by now: its rows will not check out
      done += static_cast<std::size_t>(got);
    }
    return;
  }
  void* const address = map(path, size_, PROT_READ, MAP_SHARED, descriptor_.number);
  if (address == MAP_FAILED) fail_io("read", path, errno);
  file_ = static_cast<std::byte*>(address);
}

FilePieces::~FilePieces() {
  if (file_ != resident_.data()) ::munmap(file_, size_);
  if (copied_ != nullptr) ::munmap(copied_, capacity_);
}

void FilePieces::clear() {
  pieces_.clear();
  total_ = 0;
  inside_ = true;
}

void FilePieces::add(std::uint64_t offset, std::size_t size) {
  if (offset > size_ || size > size_ - offset) inside_ = false;
  if (!inside_ || size == 0) return;
  std::byte* const begin = file_ + offset;
  total_ += size;
  if (!pieces_.empty()) {
    iovec& last = pieces_.back();
    if (static_cast<std::byte*>(last.iov_base) + last.iov_len == begin) {
      last.iov_len += size;
      return;
    }
  }
  pieces_.push_back({begin, size});
}

bool FilePieces::changed() const {
  struct stat info;
  if (::fstat(descriptor_.number, &info) != 0) fail_io("read", path_, errno);
  return static_cast<std::uint64_t>(info.st_size) != size_ || info.st_mtim.tv_sec != written_.tv_sec ||
         info.st_mtim.tv_nsec != written_.tv_nsec;
}

void FilePieces::grow() {
  const bool resident = file_ == resident_.data();
  if (!resident && memory_.number < 0) {
    memory_.number = attempt(FileOp::open, path_, [] { return ::memfd_create("dcrnn", MFD_CLOEXEC); });
    if (memory_.number < 0) fail_io("read", path_, errno);
  }
  const std::size_t wanted = std::max(checked_mul(total_, 2, "a batch of rows"), kLeast);
  if (!resident && attempt(FileOp::write, path_,
                           [&] { return ::ftruncate(memory_.number, static_cast<off_t>(wanted)); }) != 0) {
    fail_io("read", path_, errno);
  }
  void* const address = resident ? map(path_, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1)
                                 : map(path_, wanted, PROT_READ, MAP_SHARED, memory_.number);
  if (address == MAP_FAILED) {
    fail(ErrorCode::memory, "a batch of rows: cannot allocate " + std::to_string(wanted) + " bytes",
         "make the batch smaller");
  }
  if (copied_ != nullptr) ::munmap(copied_, capacity_);
  copied_ = static_cast<std::byte*>(address);
  capacity_ = wanted;
}

const std::byte* FilePieces::copy() {
  if (!inside_ || changed()) return nullptr;
  if (copied_ == nullptr || total_ > capacity_) grow();
  std::size_t done = 0;
  if (file_ == resident_.data()) {
    for (const iovec& piece : pieces_) {
      std::memcpy(copied_ + done, piece.iov_base, piece.iov_len);
      done += piece.iov_len;
    }
    return copied_;
  }
  for (std::size_t i = 0; i < pieces_.size();) {
    const auto count = static_cast<int>(std::min<std::size_t>(pieces_.size() - i, IOV_MAX));
    const ssize_t copied = attempt(FileOp::read, path_, [&] {
      return ::pwritev(memory_.number, pieces_.data() + i, count, static_cast<off_t>(done));
    });
    if (copied < 0 && errno != EFAULT) fail_io("read", path_, errno);
    if (copied <= 0) return nullptr;
    done += static_cast<std::size_t>(copied);
    // On to what is not copied yet: a signal may come in between.
    auto left = static_cast<std::size_t>(copied);
    for (; i < pieces_.size() && left >= pieces_[i].iov_len; ++i) left -= pieces_[i].iov_len;
    if (left > 0) {
      pieces_[i].iov_base = static_cast<std::byte*>(pieces_[i].iov_base) + left;
      pieces_[i].iov_len -= left;
    }
  }
  return copied_;
}

}  // namespace dcrnn
