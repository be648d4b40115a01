#include "data/byte_source.hpp"

#include <algorithm>
#include <cstring>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::data {
namespace {

constexpr std::size_t kInputSize = std::size_t{1} << 18;
}  // namespace

ByteSource::ByteSource(const std::string& path)
    : file_(path), name_(path == "-" ? "standard input" : printable(path)), input_(kInputSize) {
  std::string_view head;
  do {  // a pipe may hand over a single byte at first
    const std::size_t got = read_file(input_.data() + head.size(), kInputSize - head.size());
    if (got == 0) break;
    head = {reinterpret_cast<const char*>(input_.data()), head.size() + got};
  } while (may_become_compressed(head));
  waiting_ = {input_.data(), head.size()};
  consumed_ = head.size();
  decompressor_ = make_decompressor(head, name_);
}

std::size_t ByteSource::read_file(void* to, std::size_t size) {
  const std::size_t got = file_.read(to, size);
  digest_.add({static_cast<const char*>(to), got});
  return got;
}

bool ByteSource::refill() {
  const std::size_t got = read_file(input_.data(), kInputSize);
  waiting_ = {input_.data(), got};
  consumed_ += got;
  return got > 0;
}

std::size_t ByteSource::read(char* to, std::size_t size) {
  return decompressor_ ? read_compressed(to, size) : read_plain(to, size);
}

std::size_t ByteSource::read_plain(char* to, std::size_t size) {
  if (waiting_.empty()) {
    const std::size_t got = read_file(to, size);
    consumed_ += got;
    return got;
  }
  const std::size_t count = std::min(size, waiting_.size());
  std::memcpy(to, waiting_.data(), count);
  waiting_ = waiting_.subspan(count);
  return count;
}

std::size_t ByteSource::read_compressed(char* to, std::size_t size) {
  std::span<char> room(to, size);
  while (!room.empty()) {
    if (waiting_.empty() && !more_inside_) {
      if (room.size() < size) break;
      if (!refill()) {
        if (decompressor_->may_end()) break;
        fail(ErrorCode::data,
             name_ + ": the " + std::string(decompressor_->format()) + " data ends too early",
             "the file was cut off: copy or compress it again");
      }
    }
    decompressor_->step(waiting_, room);
    more_inside_ = room.empty();
  }
  return size - room.size();
}

}  // namespace dcrnn::data
