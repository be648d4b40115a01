// Pieces of a file that others change: the same whether it is held in memory or mapped.
#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>

#include "core/file_pieces.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

TEST_CASE("pieces come one behind the other, and nothing comes of a file that was changed") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("f");
  std::string bytes;
  for (int i = 0; i < 100000; ++i) bytes += std::to_string(i) + ",";
  for (const std::size_t resident : {std::size_t{0}, FilePieces::kResident}) {
    CAPTURE(resident);
    write_text(path, bytes);
    FilePieces pieces(path, resident);
    const auto copied = [&](std::size_t count) -> std::string {
      pieces.clear();
      std::string expected;
      for (std::size_t i = 0; i < count; ++i) {
        // Neighbours, repetitions, empty ones, more than one call of the kernel takes.
        const std::size_t at = i % 5 == 0 ? 0 : (i * 7919) % (bytes.size() - 40), size = i % 41;
        pieces.add(at, size);
        expected += bytes.substr(at, size);
      }
      const std::byte* const copy = pieces.copy();
      if (copy == nullptr) return "changed";
      return std::string_view(reinterpret_cast<const char*>(copy), expected.size()) == expected ? "same"
                                                                                                : "other";
    };
    for (const std::size_t count : std::initializer_list<std::size_t>{0, 1, 7, 3000, 500})
      CHECK(copied(count) == "same");
    pieces.clear();
    pieces.add(bytes.size() - 1, 2);
    CHECK(pieces.copy() == nullptr);
    pieces.clear();
    pieces.add(~std::uint64_t{0}, 1);
    CHECK(pieces.copy() == nullptr);
    std::filesystem::resize_file(path, 100);
    CHECK(copied(3000) == "changed");
  }
  CHECK(failure_of([&] { FilePieces pieces(scratch.file("none")); }).code == ErrorCode::io);
}
