#include "data/byte_source.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::data {
namespace {

constexpr std::size_t kInputSize = std::size_t{1} << 18;
constexpr int kGzipOnly = 15 + 16;  // window bits of inflateInit2: largest window, gzip wrapper

}  // namespace

void ByteSource::EndInflate::operator()(z_stream* stream) const {
  inflateEnd(stream);
  delete stream;
}

ByteSource::ByteSource(const std::string& path)
    : file_(path), name_(path == "-" ? "standard input" : printable(path)), input_(kInputSize) {
  // A pipe may hand over a single byte at first; two are needed to recognise gzip.
  while (input_end_ < 2) {
    const std::size_t got = read_file(input_.data() + input_end_, kInputSize - input_end_);
    if (got == 0) break;
    input_end_ += got;
  }
  waiting_ = input_end_;
  consumed_ = input_end_;
  if (input_end_ < 2 || input_[0] != 0x1F || input_[1] != 0x8B) return;
  auto stream = std::make_unique<z_stream>();
  std::memset(stream.get(), 0, sizeof(z_stream));
  if (inflateInit2(stream.get(), kGzipOnly) != Z_OK) {
    fail(ErrorCode::memory, name_ + ": cannot allocate the state of gzip", "free some memory");
  }
  gzip_.reset(stream.release());
}

std::size_t ByteSource::read_file(void* to, std::size_t size) {
  const std::size_t got = file_.read(to, size);
  digest_.add({static_cast<const char*>(to), got});
  return got;
}

bool ByteSource::refill() {
  input_end_ = read_file(input_.data(), kInputSize);
  waiting_ = input_end_;
  consumed_ += input_end_;
  return input_end_ > 0;
}

std::size_t ByteSource::read(char* to, std::size_t size) {
  return gzip_ ? read_gzip(to, size) : read_plain(to, size);
}

std::size_t ByteSource::read_plain(char* to, std::size_t size) {
  std::size_t done = std::min(size, waiting_);
  std::memcpy(to, input_.data() + (input_end_ - waiting_), done);
  waiting_ -= done;
  while (done < size) {
    const std::size_t got = read_file(to + done, size - done);
    if (got == 0) break;
    done += got;
    consumed_ += got;
  }
  return done;
}

std::size_t ByteSource::read_gzip(char* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    if (waiting_ == 0 && !refill()) {
      if (member_ended_) return done;
      fail(ErrorCode::data, name_ + ": the gzip data ends too early",
           "the file was cut off: copy or compress it again");
    }
    gzip_->next_in = input_.data() + (input_end_ - waiting_);
    gzip_->avail_in = static_cast<unsigned>(waiting_);
    if (member_ended_) {
      if (gzip_->next_in[0] != 0x1F) {
        fail(ErrorCode::data, name_ + ": something that is not gzip follows the end of the gzip data",
             "remove what was added to the file after compressing it");
      }
      inflateReset(gzip_.get());
      member_ended_ = false;
    }
    const auto room =
        static_cast<unsigned>(std::min<std::size_t>(size - done, std::numeric_limits<unsigned>::max()));
    gzip_->next_out = reinterpret_cast<unsigned char*>(to + done);
    gzip_->avail_out = room;
    const int status = inflate(gzip_.get(), Z_NO_FLUSH);
    done += room - gzip_->avail_out;
    waiting_ = gzip_->avail_in;
    if (status == Z_STREAM_END) {
      member_ended_ = true;
    } else if (status == Z_MEM_ERROR) {
      fail(ErrorCode::memory, name_ + ": not enough memory to decompress it", "free some memory");
    } else if (status != Z_OK) {
      fail(ErrorCode::data,
           name_ + ": broken gzip data (" + (gzip_->msg != nullptr ? gzip_->msg : "no detail known") + ")",
           "the file was damaged: copy or compress it again");
    }
  }
  return done;
}

}  // namespace dcrnn::data
