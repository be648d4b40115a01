// The bytes of a data file, decompressed if its content says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/file.hpp"
#include "data/decompress.hpp"
#include "data/hash.hpp"

namespace dcrnn::data {

/// Streams a file in bounded memory. Compression is recognised by the first bytes. "-" is standard input.
/// Failure(io) if it cannot be read, Failure(data) for broken compressed data.
class ByteSource {
 public:
  explicit ByteSource(const std::string& path);

  /// Puts 1 to `size` bytes at `to`, without waiting for more once there are some; 0 only at the end.
  std::size_t read(char* to, std::size_t size);
  /// Bytes of the file consumed (compressed ones, if it is compressed) and in all (0 if unknown).
  std::uint64_t bytes_done() const { return consumed_ - waiting_.size(); }
  std::uint64_t bytes_total() const { return file_.size(); }
  /// FileDigest of the bytes consumed so far: at the end, of the file as it was read.
  std::uint64_t digest() const { return digest_.value(); }
  /// The file as messages name it.
  const std::string& name() const { return name_; }

 private:
  std::size_t read_file(void* to, std::size_t size);
  bool refill();
  std::size_t read_plain(char* to, std::size_t size);
  std::size_t read_compressed(char* to, std::size_t size);

  InputFile file_;
  std::string name_;
  FileDigest digest_;
  std::vector<unsigned char> input_;
  std::span<const unsigned char> waiting_;  // bytes of input_ not yet handed on
  std::uint64_t consumed_ = 0;
  std::unique_ptr<Decompressor> decompressor_;  // null: plain
  bool more_inside_ = false;                    // it may hold bytes that had no room yet
};

}  // namespace dcrnn::data
