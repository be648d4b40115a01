// Compressed bytes to plain ones: gzip (RFC 1952), and Zstandard (RFC 8878) where the build found libzstd.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace dcrnn::data {

/// Decompresses a stream of members (gzip) or frames (zstd), one after another. Failure(data) for broken
/// data, naming the file; Failure(memory).
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// Takes bytes from the front of `from` and puts what they give at the front of `to`; both lose what was
  /// used. Stops when one of them is empty or a member ends.
  virtual void step(std::span<const unsigned char>& from, std::span<char>& to) = 0;
  /// True between two members: the data may end here.
  virtual bool may_end() const = 0;
  /// "gzip", "zstd"
  virtual std::string_view format() const = 0;
};

/// True if `head`, too short to tell, could become the start of compressed data.
bool may_become_compressed(std::string_view head);

/// For a file that begins with `head`; null if it is not compressed in a way that can be read. `name` names
/// the file in messages.
std::unique_ptr<Decompressor> make_decompressor(std::string_view head, const std::string& name);

}  // namespace dcrnn::data
