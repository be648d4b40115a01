// Pieces of a file that others change: the same whether it is held in memory or mapped.
#include <doctest/doctest.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>

#include "core/file.hpp"
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

TEST_CASE("whichever call to the system fails, opening or copying says so, and the next batch comes whole") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("f"), bytes(300000, 'x');
  write_text(path, bytes);
  struct Fault {
    FileOp op;
    int error;
  };
  for (const std::size_t resident : {std::size_t{0}, FilePieces::kResident}) {
    int times = 0;
    for (const Fault fault : {Fault{FileOp::open, EMFILE}, Fault{FileOp::read, EIO},
                              Fault{FileOp::write, ENOSPC}, Fault{FileOp::map, ENOMEM}}) {
      for (int n = 0;; ++n) {
        CAPTURE(static_cast<int>(fault.op));
        CAPTURE(n);
        int seen = 0;
        set_file_fault([&](FileOp op, const std::string& named) {
          CHECK(named == path);
          return op == fault.op && seen++ == n ? fault.error : 0;
        });
        std::optional<FilePieces> pieces;
        int failures = 0;
        const auto told = [&](auto&& call) {
          const Error error = failure_of(call);
          if (error.code == ErrorCode::internal) return;
          ++failures;
          CHECK(error.code == (fault.error == ENOMEM ? ErrorCode::memory : ErrorCode::io));
          CHECK(contains(error.message, "cannot "));
        };
        told([&] { pieces.emplace(path, resident); });
        if (pieces) {
          // The second batch is too large for the memory of the first.
          for (const std::size_t size : {std::size_t{1000}, bytes.size()}) {
            told([&] {
              pieces->clear();
              pieces->add(0, size);
              const bool copied = pieces->copy() != nullptr;
              CHECK(copied);
            });
          }
        }
        set_file_fault(nullptr);
        if (seen <= n) {
          CHECK(failures == 0);
          break;
        }
        ++times;
        CHECK(failures == 1);
        if (!pieces) continue;
        pieces->clear();
        pieces->add(0, bytes.size());
        const std::byte* const copy = pieces->copy();
        REQUIRE(copy != nullptr);
        CHECK(std::string_view(reinterpret_cast<const char*>(copy), bytes.size()) == bytes);
      }
    }
    CHECK(times >= (resident == 0 ? 9 : 4));
  }
}
