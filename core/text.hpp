// Small helpers for the text of messages and of files.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace dcrnn {

/// Longest text from outside (a file's name, a key) that a message repeats in full, bytes.
inline constexpr std::size_t kLongestText = 500;

/// `text` fit for one line of a message: control and direction characters and bytes that are not UTF-8 as \n,
/// \t or \xHH; of more than `longest` bytes the middle is "...". What is fit already stays as it is.
std::string printable(std::string_view text, std::size_t longest = kLongestText);

/// printable(text) in double quotes, `"` and `\` escaped, cut to about 60 bytes with "..." where longer.
std::string in_quotes(std::string_view text);

/// The shortest text that reads back the same.
std::string number_text(double number);

/// "[2, 3]"
std::string shape_text(std::span<const std::size_t> shape);

/// Offset of the first byte that is not valid UTF-8 (no surrogates, no overlong forms, at most U+10FFFF), or
/// npos.
std::size_t find_invalid_utf8(std::string_view text);

/// Fewest single-character insertions, deletions, replacements and swaps of neighbours from `a` to `b`
/// (optimal string alignment distance).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word` by edit_distance, the first of equals; empty if none is near enough to be
/// what was meant.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace dcrnn
