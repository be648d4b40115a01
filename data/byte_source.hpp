// The bytes of a data file, decompressed if its content says gzip.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/file.hpp"
#include "data/hash.hpp"

namespace dcrnn::data {

/// Streams a file in bounded memory. Gzip (RFC 1952, several members too) is recognised by its first two
/// bytes. "-" is standard input. Failure(io) if it cannot be read, Failure(data) for broken gzip.
class ByteSource {
 public:
  explicit ByteSource(const std::string& path);

  /// Fills `to`; fewer than `size` bytes only at the end.
  std::size_t read(char* to, std::size_t size);
  /// Bytes of the file consumed (compressed ones for gzip) and in all (0 if unknown).
  std::uint64_t bytes_done() const { return consumed_ - waiting_; }
  std::uint64_t bytes_total() const { return file_.size(); }
  /// FileDigest of the bytes consumed so far: at the end, of the file as it was read.
  std::uint64_t digest() const { return digest_.value(); }
  /// The file as messages name it.
  const std::string& name() const { return name_; }

 private:
  struct EndInflate {
    void operator()(z_stream* stream) const;
  };
  std::size_t read_file(void* to, std::size_t size);
  bool refill();
  std::size_t read_plain(char* to, std::size_t size);
  std::size_t read_gzip(char* to, std::size_t size);

  InputFile file_;
  std::string name_;
  FileDigest digest_;
  std::vector<unsigned char> input_;
  std::size_t waiting_ = 0;  // bytes of input_ not yet handed on; they are its last before input_end_
  std::size_t input_end_ = 0;
  std::uint64_t consumed_ = 0;
  bool member_ended_ = false;
  std::unique_ptr<z_stream, EndInflate> gzip_;  // null: plain
};

}  // namespace dcrnn::data
