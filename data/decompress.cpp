#include "data/decompress.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

#ifdef DCRNN_HAS_ZSTD
#include <zstd.h>
#endif

#include "core/content.hpp"
#include "core/failure.hpp"

namespace dcrnn::data {
namespace {

[[noreturn]] void fail_memory(const std::string& name) {
  fail(ErrorCode::memory, name + ": not enough memory to decompress it", "free some memory");
}

[[noreturn]] void fail_broken(const std::string& name, std::string_view format, const char* detail) {
  fail(ErrorCode::data,
       name + ": broken " + std::string(format) + " data (" +
           (detail != nullptr ? detail : "no detail known") + ")",
       "the file was damaged: copy or compress it again");
}

class GzipDecompressor final : public Decompressor {
 public:
  explicit GzipDecompressor(const std::string& name) : name_(name) {
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) fail_memory(name_);
  }
  ~GzipDecompressor() override { inflateEnd(&stream_); }
  GzipDecompressor(const GzipDecompressor&) = delete;
  GzipDecompressor& operator=(const GzipDecompressor&) = delete;

  void step(std::span<const unsigned char>& from, std::span<char>& to) override {
    if (member_ended_ && !begin_member(from)) return;
    const std::size_t room = std::min<std::size_t>(to.size(), std::numeric_limits<unsigned>::max());
    stream_.next_in = const_cast<unsigned char*>(from.data());  // zlib only reads it
    stream_.avail_in = static_cast<unsigned>(from.size());
    stream_.next_out = reinterpret_cast<unsigned char*>(to.data());
    stream_.avail_out = static_cast<unsigned>(room);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    from = from.last(stream_.avail_in);
    to = to.subspan(room - stream_.avail_out);
    if (status == Z_STREAM_END) {
      member_ended_ = true;
    } else if (status == Z_MEM_ERROR) {
      fail_memory(name_);
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      fail_broken(name_, format(), stream_.msg);
    }
  }
  bool may_end() const override { return member_ended_; }
  std::string_view format() const override { return "gzip"; }

 private:
  static constexpr int kGzipOnly = 15 + 16;  // window bits: largest window, gzip wrapper

  /// Passes zeros, which tapes and block devices pad the last member with. False: nothing else is there.
  bool begin_member(std::span<const unsigned char>& from) {
    while (!from.empty() && from[0] == 0) {
      from = from.subspan(1);
      padded_ = true;
    }
    if (from.empty()) return false;
    if (padded_ || from[0] != 0x1F) {
      fail(ErrorCode::data, name_ + ": something that is not gzip follows the end of the gzip data",
           "remove what was added to the file after compressing it");
    }
    inflateReset(&stream_);
    member_ended_ = false;
    return true;
  }

  std::string name_;
  z_stream stream_{};
  bool member_ended_ = false;
  bool padded_ = false;
};

#ifdef DCRNN_HAS_ZSTD

class ZstdDecompressor final : public Decompressor {
 public:
  explicit ZstdDecompressor(const std::string& name) : name_(name), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) fail_memory(name_);
  }
  ~ZstdDecompressor() override { ZSTD_freeDStream(stream_); }
  ZstdDecompressor(const ZstdDecompressor&) = delete;
  ZstdDecompressor& operator=(const ZstdDecompressor&) = delete;

  void step(std::span<const unsigned char>& from, std::span<char>& to) override {
    if (from.empty() && frame_ended_) return;
    ZSTD_inBuffer in{from.data(), from.size(), 0};
    ZSTD_outBuffer out{to.data(), to.size(), 0};
    const std::size_t left = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(left)) fail_broken(name_, format(), ZSTD_getErrorName(left));
    from = from.subspan(in.pos);
    to = to.subspan(out.pos);
    frame_ended_ = left == 0;
  }
  bool may_end() const override { return frame_ended_; }
  std::string_view format() const override { return "zstd"; }

 private:
  std::string name_;
  ZSTD_DStream* stream_;
  bool frame_ended_ = false;
};

#endif

}  // namespace

bool may_become_compressed(std::string_view head) {
  const auto begins = [&](std::string_view start) {
    return head.size() < start.size() && start.starts_with(head);
  };
  return begins(kGzipStart) || begins(kZstdStart);
}

std::unique_ptr<Decompressor> make_decompressor(std::string_view head, const std::string& name) {
  if (head.starts_with(kGzipStart)) return std::make_unique<GzipDecompressor>(name);
#ifdef DCRNN_HAS_ZSTD
  if (head.starts_with(kZstdStart)) return std::make_unique<ZstdDecompressor>(name);
#endif
  return nullptr;
}

}  // namespace dcrnn::data
