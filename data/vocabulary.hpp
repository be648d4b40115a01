// Distinct words, numbered in the order of their first appearance.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dcrnn::data {

/// Maps words to 0, 1, 2, ... and back. Open addressing over one arena of text: no allocation per word, none
/// in find(). Const use is thread-safe.
class Vocabulary {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  /// Number of the word, kNone if it is not there.
  std::uint32_t find(std::string_view word) const;
  /// Number of the word, added if it is new. Failure(memory) beyond 2^32 - 2 words.
  std::uint32_t add(std::string_view word);
  std::size_t size() const { return ends_.size(); }
  std::string_view word(std::size_t number) const {
    const std::uint64_t begin = number == 0 ? 0 : ends_[number - 1];
    return std::string_view(bytes_).substr(begin, ends_[number] - begin);
  }
  /// All words one after another, and where each ends.
  std::string_view bytes() const { return bytes_; }
  std::span<const std::uint64_t> ends() const { return ends_; }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = kNone;
  };
  /// The slot of the word, or the free one where it belongs.
  std::size_t locate(std::string_view word, std::uint64_t hash) const;
  void grow();

  std::string bytes_;
  std::vector<std::uint64_t> ends_;
  std::vector<Slot> slots_;  // a power of two, at most half full
};

}  // namespace dcrnn::data
