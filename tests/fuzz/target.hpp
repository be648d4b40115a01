// What every fuzz target needs: its input as a file in memory, and a count of the inputs that were taken.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "dcrnn/result.hpp"

/// libFuzzer's own way of changing `size` bytes; the new size, at most `most`.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace dcrnn::fuzz {

/// A file that has a path and no place on a disk.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("input", 0)) {
    if (descriptor_ < 0) std::abort();
    path_ = "/proc/self/fd/" + std::to_string(descriptor_);
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  const std::string& path() const { return path_; }
  void set(std::string_view bytes) {
    if (ftruncate(descriptor_, 0) != 0 || lseek(descriptor_, 0, SEEK_SET) != 0) std::abort();
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written <= 0) std::abort();
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  int descriptor_;
  std::string path_;
};

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// The latest inputs that were taken. Their room is there from the start: libFuzzer looks for leaks, which
/// takes longer than most inputs, whenever one leaves more memory behind than it found.
class Taken {
 public:
  static Taken& inputs() {
    static Taken taken;
    return taken;
  }
  void add(std::string_view input) { kept_[total_++ % kKept].assign(input.substr(0, kMost)); }
  std::size_t total() const { return total_; }
  const std::string& any(std::size_t drawn) const { return kept_[drawn % std::min(total_, kKept)]; }

 private:
  static constexpr std::size_t kKept = 256, kMost = 65536;
  Taken() : kept_(kKept) {
    for (std::string& one : kept_) one.reserve(kMost);
  }

  std::vector<std::string> kept_;
  std::size_t total_ = 0;
};

/// Counts inputs, and tells at the end how many were taken. If none of many was, the target no longer knows
/// what it reads: that is an error of its own.
inline void count(bool taken, std::string_view input) {
  static std::size_t inputs = 0;
  if (inputs++ == 0) {
    std::atexit([] {
      std::fprintf(stderr, "taken: %zu of %zu inputs\n", Taken::inputs().total(), inputs);
      if (inputs > 1000 && Taken::inputs().total() == 0) std::_Exit(1);
    });
  }
  if (taken) Taken::inputs().add(input);
}

/// What every error promises: lines without control characters, of bounded length.
inline void check(const Error& error) {
  for (const std::string& line : {error.message, error.help}) {
    if (line.size() > 4000) std::abort();
    for (const char c : line) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
    }
  }
  if (error.message.empty()) std::abort();
}

/// A number drawn from `seed`, below `below`.
inline std::size_t draw(unsigned& seed, std::size_t below) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % below;
}

/// What a mutator begins with: `input`, or, three times in four, one that was taken. libFuzzer keeps inputs
/// for the code they reach, most of them refused, and a refused file with one more change is refused again.
inline std::string beginning(std::string_view input, unsigned& seed) {
  const Taken& taken = Taken::inputs();
  if (taken.total() == 0 || draw(seed, 4) == 0) return std::string(input);
  return taken.any(draw(seed, taken.total()));
}

}  // namespace dcrnn::fuzz
