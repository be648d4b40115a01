// Changes to safetensors files that leave most of the file as it was, so that what comes behind the header is
// reached.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "tests/fuzz/target.hpp"

namespace dcrnn::fuzz {

/// A safetensors file cut into its header and the rest.
struct Parts {
  std::string header, data;

  /// False if the length of the header is not that of one.
  bool cut(std::string_view bytes) {
    std::uint64_t size = 0;
    if (bytes.size() < sizeof size) return false;
    std::memcpy(&size, bytes.data(), sizeof size);
    if (size > bytes.size() - sizeof size) return false;
    header = bytes.substr(sizeof size, size);
    data = bytes.substr(sizeof size + size);
    return true;
  }
  std::string joined() const {
    std::string bytes(sizeof(std::uint64_t), '\0');
    const std::uint64_t size = header.size();
    std::memcpy(bytes.data(), &size, sizeof size);
    return bytes + header + data;
  }
};

/// Lets libFuzzer change a text, by some bytes more at most.
inline void mutate(std::string& text) {
  const std::size_t size = text.size(), most = size + 16;
  text.resize(most);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, most));
}

/// Puts another number in the place of one of those in a text.
inline void change_number(std::string& text, unsigned& seed) {
  static const char* const kNumbers[] = {
      "0",  "1",   "2",     "3",      "7",    "64", "65",   "1000", "4294967296", "18446744073709551615",
      "-1", "0.5", "1e308", "1e-320", "null", "[]", "\"\"", "true"};
  const std::size_t from = text.empty() ? 0 : draw(seed, text.size());
  const std::size_t first = text.find_first_of("0123456789", from);
  if (first == std::string::npos) return;
  const std::size_t end = std::min(text.find_first_not_of("0123456789.e-", first), text.size());
  text.replace(first, end - first, kNumbers[draw(seed, std::size(kNumbers))]);
}

/// Puts a number of a kind that hurts into the data.
inline void change_value(std::string& data, unsigned& seed) {
  static const float kFloats[] = {0.0F,  -0.0F,  1.0F,   -1.0F, 1e30F,
                                  3e38F, -1e30F, 1e-40F, 2.5F,  __builtin_inff()};
  static const std::uint32_t kWords[] = {0, 1, 255, 0x7fffffff, 0x80000000, 0xffffffff};
  if (data.size() < 4) return;
  const std::size_t at = draw(seed, data.size() / 4) * 4;
  if (draw(seed, 4) != 0) {
    std::memcpy(&data[at], &kFloats[draw(seed, std::size(kFloats))], 4);
  } else {
    std::memcpy(&data[at], &kWords[draw(seed, std::size(kWords))], 4);
  }
}

/// A file in place of `bytes`, whose tensors still lie where the header says in most cases.
inline std::string mutated_tensors(std::string_view bytes, unsigned seed) {
  Parts parts;
  if (!parts.cut(bytes) || draw(seed, 16) == 0) {
    std::string raw(bytes);
    mutate(raw);
    return raw;
  }
  for (std::size_t changes = 1 + draw(seed, 2); changes > 0; --changes) {
    const std::size_t size = parts.data.size();
    switch (draw(seed, 8)) {
      case 0:
        mutate(parts.header);
        break;
      case 1:
      case 2:
        change_number(parts.header, seed);
        break;
      case 3:
      case 4:
        mutate(parts.data);
        parts.data.resize(size);
        break;
      default:
        change_value(parts.data, seed);
    }
  }
  return parts.joined();
}

/// Puts `bytes` back where libFuzzer wants them, if they fit; else leaves what is there.
inline std::size_t give(const std::string& bytes, std::uint8_t* data, std::size_t size, std::size_t most) {
  if (bytes.empty() || bytes.size() > most) return size;
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

/// What a custom mutator of such files does. `seal` puts right checksums into most of them, so that what
/// stands behind these is reached.
template <class Seal>
std::size_t mutate_tensors(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed,
                           Seal&& seal) {
  const std::string start = beginning(text(data, size), seed);
  std::string bytes = mutated_tensors(start, seed);
  if (seed % 8 != 0) bytes = seal(std::move(bytes));
  return give(bytes, data, size, most);
}

}  // namespace dcrnn::fuzz
