// What a file is, told from its first bytes, to say so where something else was wanted.
#pragma once

#include <string>
#include <string_view>

namespace dcrnn {

/// Enough of a file's first bytes to recognise it.
inline constexpr std::size_t kContentHead = 512;

/// A kind of file that is no plain text of ours.
struct Content {
  std::string_view name;         ///< "Zstandard-compressed data"; empty: nothing that is known
  std::string_view remedy;       ///< what to do, to stand as a help: "export it as CSV in UTF-8"
  std::string_view unpack = {};  ///< compressed data: the command that writes it out plain, "zstd -dc"
  bool wraps = false;            ///< stands for one other file: compressed data, a pointer

  explicit operator bool() const { return !name.empty(); }
};

/// Recognises compressed data, containers, tables in binary formats, markup, UTF-16, Git LFS pointers and
/// safetensors. `head` is the beginning of the file.
Content content_of(std::string_view head);

/// What makes a data file of it, as a help.
std::string data_help(const Content& content);

/// True if `head` (not empty) reads as lines of text in UTF-8.
bool is_text(std::string_view head);

/// What the beginning of a file is in a few words, to stand after "not a model but": content_of(), else
/// "text (CSV?)", "an empty file" or "unknown bytes".
std::string described(std::string_view head);

inline constexpr std::string_view kGzipStart = "\x1F\x8B";
inline constexpr std::string_view kZstdStart = "\x28\xB5\x2F\xFD";

}  // namespace dcrnn
