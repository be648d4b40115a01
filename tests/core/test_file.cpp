#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "core/file.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

/// Fails the n-th operation (from 0) with `error`; counts them all.
class FaultAt {
 public:
  FaultAt(int n, int error) {
    set_file_fault([this, n, error](FileOp op, const std::string&) {
      operations.push_back(op);
      return static_cast<int>(operations.size()) - 1 == n ? error : 0;
    });
  }
  ~FaultAt() { set_file_fault(nullptr); }
  std::vector<FileOp> operations;
};

void save(const std::string& path, std::string_view text) {
  OutputFile file(path);
  file.write(text);
  file.commit();
}

std::string read_all(InputFile& file) {
  std::string text;
  char piece[7];
  while (const std::size_t got = file.read(piece, sizeof piece)) text.append(piece, got);
  return text;
}

unsigned permissions(const std::string& path) {
  struct stat info;
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

}  // namespace

TEST_CASE("a file written is the file read") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("a");
  std::string text;
  for (int i = 0; i < 30000; ++i) text += std::to_string(i) + "\n";  // more than one buffer
  {
    OutputFile file(path);
    for (std::size_t at = 0; at < text.size(); at += 1000)
      file.write(std::string_view(text).substr(at, 1000));
    file.write("");
    file.write(text);  // larger than the buffer
    CHECK_FALSE(file_exists(path));
    file.commit();
  }
  CHECK(read_text(path) == text + text);
  CHECK(scratch.entries() == 1);

  InputFile input(path);
  CHECK(input.size() == 2 * text.size());
  CHECK(input.is_regular());
  InputFile moved = std::move(input);
  CHECK(read_all(moved) == text + text);

  const Buffer<std::byte> content = file_content(path);
  REQUIRE(content.size() == 2 * text.size());
  CHECK(std::string_view(reinterpret_cast<const char*>(content.data()), text.size()) == text);

  std::string part(10, ' ');
  CHECK(moved.read_at(text.size(), part.data(), part.size()) == part.size());
  CHECK(part == text.substr(0, part.size()));
  CHECK(moved.read_at(2 * text.size() - 3, part.data(), part.size()) == 3);
}

TEST_CASE("an empty file can be written and read") {
  const ScratchDirectory scratch;
  save(scratch.file("empty"), "");
  InputFile file(scratch.file("empty"));
  CHECK(read_all(file).empty());
  CHECK(file_content(scratch.file("empty")).size() == 0);
}

TEST_CASE("failures to open say which file and why, in English") {
  const ScratchDirectory scratch;
  const std::string missing = scratch.file("missing");
  const Error error = failure_of([&] { InputFile file(missing); });
  CHECK(error.code == ErrorCode::io);
  CHECK(error.message == "cannot open " + missing + ": no such file or directory");
  CHECK_FALSE(error.help.empty());

  CHECK(failure_of([&] { InputFile file(scratch.path()); }).message ==
        "cannot open " + scratch.path() + ": is a directory");
  CHECK(failure_of([&] { file_content(scratch.path()); }).message ==
        "cannot open " + scratch.path() + ": is a directory");
  CHECK(failure_of([&] { OutputFile file(scratch.path()); }).message ==
        "cannot write " + scratch.path() + ": is a directory");
  CHECK(failure_of([&] { OutputFile file(missing + "/x"); }).message ==
        "cannot write " + missing + "/x: no such file or directory");
  CHECK(failure_of([&] { InputFile file(""); }).message == "cannot open \"\": no such file or directory");
  CHECK(failure_of([&] { OutputFile file(""); }).code == ErrorCode::io);
  CHECK(failure_of([&] { InputFile file("a\nb"); }).message ==
        "cannot open a\\nb: no such file or directory");
  CHECK(failure_of([&] { file_content("/dev/null"); }).code == ErrorCode::io);
}

TEST_CASE("an output that is not committed leaves the old file and nothing beside it") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("a");
  save(path, "old");
  {
    OutputFile file(path);
    file.write("new");
    file.flush();
  }
  CHECK(read_text(path) == "old");
  CHECK(scratch.entries() == 1);
}

TEST_CASE("whichever operation fails while saving, the file is the old one or the whole new one") {
  for (const int error : {ENOSPC, EIO}) {
    int failed = 0;
    for (int n = 0;; ++n) {
      const ScratchDirectory scratch;
      const std::string path = scratch.file("a");
      save(path, "old");
      bool reached = false, renamed = false;
      Error found;
      {
        FaultAt fault(n, error);
        found = failure_of([&] {
          OutputFile file(path);
          file.write(std::string(100000, 'x'));
          file.write("tail");
          file.commit();
        });
        reached = static_cast<int>(fault.operations.size()) > n;
        for (int i = 0; i < n && i < static_cast<int>(fault.operations.size()); ++i) {
          renamed = renamed || fault.operations[static_cast<std::size_t>(i)] == FileOp::rename;
        }
      }
      CHECK(scratch.entries() == 1);
      if (!reached) {
        CHECK(found.message == "(no failure)");
        break;
      }
      ++failed;
      CHECK(found.code == ErrorCode::io);
      CHECK(found.message == "cannot write " + path +
                                 (error == ENOSPC ? ": no space left on device" : ": input/output error"));
      CHECK(read_text(path) == (renamed ? std::string(100000, 'x') + "tail" : "old"));
    }
    CHECK(failed >= 6);  // open, two writes, sync, rename, open and sync of the directory
  }
}

TEST_CASE("reading reports a fault") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("a");
  save(path, "text");
  const auto read = [&] {
    InputFile file(path);
    char c;
    file.read(&c, 1);
  };
  for (const int n : {0, 1}) {
    FaultAt fault(n, EIO);
    CHECK(failure_of(read).message ==
          (n == 0 ? "cannot open " : "cannot read ") + path + ": input/output error");
  }
  FaultAt fault(1, EIO);
  CHECK(failure_of([&] { file_content(path); }).code == ErrorCode::io);
}

TEST_CASE("a pipe is written to directly and stays a pipe") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("pipe");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int both_ends = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(both_ends >= 0);
  OutputFile file(path);
  file.write("through the pipe");
  file.commit();
  char text[16];
  CHECK(::read(both_ends, text, sizeof text) == 16);
  CHECK(std::string_view(text, 16) == "through the pipe");
  struct stat info;
  CHECK((::stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode)));
  CHECK(failure_of([&] { OutputFile regular(path, OutputFile::Target::regular_only); }).message ==
        "cannot write " + path + ": not a regular file");
  ::close(both_ends);
}

TEST_CASE("a full device fails and stays a device") {
  if (!file_exists("/dev/full")) {
    MESSAGE("skipped: this system has no /dev/full");
    return;
  }
  const Error error = failure_of([] { save("/dev/full", "text"); });
  CHECK(error.code == ErrorCode::io);
  CHECK(error.message == "cannot write /dev/full: no space left on device");
  struct stat info;
  CHECK((::stat("/dev/full", &info) == 0 && S_ISCHR(info.st_mode)));
  {
    OutputFile unflushed("/dev/full");
    unflushed.write("lost without a word");
  }
  CHECK(failure_of([] { OutputFile file("/dev/null", OutputFile::Target::regular_only); }).code ==
        ErrorCode::io);
  CHECK(failure_of([] { OutputFile file("-", OutputFile::Target::regular_only); }).message ==
        "cannot write standard output: not a regular file");
}

TEST_CASE("a symbolic link is followed, also one that dangles, also a chain") {
  const ScratchDirectory scratch;
  std::filesystem::create_directory(scratch.file("sub"));
  std::filesystem::create_symlink("sub/target", scratch.file("link"));
  std::filesystem::create_symlink("link", scratch.file("chain"));
  save(scratch.file("chain"), "one");
  CHECK(read_text(scratch.file("sub/target")) == "one");
  save(scratch.file("link"), "two");
  CHECK(read_text(scratch.file("sub/target")) == "two");
  CHECK(std::filesystem::is_symlink(scratch.file("link")));
  CHECK(std::filesystem::is_symlink(scratch.file("chain")));
  CHECK(scratch.entries() == 3);

  std::filesystem::create_symlink("loop", scratch.file("loop"));
  CHECK(failure_of([&] { save(scratch.file("loop"), "x"); }).code == ErrorCode::io);
}

TEST_CASE("permissions are those of the file replaced, or those of any fresh file") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("a");
  const mode_t mask = ::umask(027);
  save(path, "fresh");
  CHECK(permissions(path) == 0640);
  REQUIRE(::chmod(path.c_str(), 0604) == 0);
  save(path, "replaced");
  ::umask(mask);
  CHECK(permissions(path) == 0604);
}

TEST_CASE("a file that may not be written is not replaced") {
  if (::geteuid() == 0) {
    MESSAGE("skipped: root may write everything");
    return;
  }
  const ScratchDirectory scratch;
  const std::string path = scratch.file("a");
  save(path, "kept");
  REQUIRE(::chmod(path.c_str(), 0444) == 0);
  CHECK(failure_of([&] { save(path, "new"); }).message == "cannot write " + path + ": permission denied");
  CHECK(read_text(path) == "kept");
}

TEST_CASE("the longest file name works") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file(std::string(255, 'n'));
  save(path, "text");
  CHECK(read_text(path) == "text");
}

TEST_CASE("a relative name in the current directory works") {
  const ScratchDirectory scratch;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(scratch.path());
  save("plain", "text");
  std::filesystem::current_path(before);
  CHECK(read_text(scratch.file("plain")) == "text");
}

TEST_CASE("lines are appended, directories made and files removed") {
  const ScratchDirectory scratch;
  const std::string directory = scratch.file("x/y/z");
  make_directories(directory);
  make_directories(directory);
  CHECK(std::filesystem::is_directory(directory));
  const std::string path = directory + "/log";
  append_line(path, "one");
  append_line(path, "two");
  CHECK(read_text(path) == "one\ntwo\n");
  CHECK(failure_of([&] { make_directories(path); }).code == ErrorCode::io);
  CHECK(failure_of([&] { append_line(directory, "x"); }).message ==
        "cannot write " + directory + ": is a directory");
  {
    FaultAt fault(1, ENOSPC);
    CHECK(failure_of([&] { append_line(path, "x"); }).message ==
          "cannot write " + path + ": no space left on device");
  }
  CHECK(file_exists(path));
  remove_file(path);
  CHECK_FALSE(file_exists(path));
  remove_file(path);
  CHECK(failure_of([&] { remove_file(directory); }).code == ErrorCode::io);
}

TEST_CASE("lack of memory is told from a file that cannot be read") {
  const ScratchDirectory scratch;
  save(scratch.file("a"), "text");
  FaultAt fault(1, ENOMEM);
  const Error error = failure_of([&] { file_content(scratch.file("a")); });
  CHECK(error.code == ErrorCode::memory);
  CHECK(contains(error.message, "cannot allocate memory"));
}

TEST_CASE("half a line that cannot be finished is taken back") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("log");
  append_line(path, "one");
  FaultAt fault(1, ENOSPC);
  CHECK(failure_of([&] { append_line(path, "two"); }).code == ErrorCode::io);
  CHECK(read_text(path) == "one\n");
}

TEST_CASE("a file that cannot be replaced is written in place, and only once all is there") {
  for (const int error : {EBUSY, EPERM, EXDEV}) {
    for (const std::string old : {"", "old", "much longer than what is written over it"}) {
      const ScratchDirectory scratch;
      const std::string path = scratch.file("a");
      write_text(path, old);
      std::filesystem::create_hard_link(path, scratch.file("same"));
      set_file_fault([&](FileOp op, const std::string&) { return op == FileOp::rename ? error : 0; });
      {
        OutputFile dropped(path);
        dropped.write("never committed");
      }
      CHECK(read_text(path) == old);
      save(path, "new text");
      const Error refused = failure_of([&] {
        OutputFile file(path, OutputFile::Target::regular_only);
        file.commit();
      });
      set_file_fault(nullptr);
      CHECK(read_text(scratch.file("same")) == "new text");
      CHECK(refused.code == ErrorCode::io);
      CHECK(scratch.entries() == 2);
    }
  }
  // Not even a temporary can lie beside it.
  const ScratchDirectory scratch;
  const std::string path = scratch.file("a");
  write_text(path, "old");
  set_file_fault([&](FileOp op, const std::string& name) {
    return op == FileOp::open && contains(name, ".tmp") ? EACCES : 0;
  });
  {
    OutputFile dropped(path);
    dropped.write("never committed");
  }
  CHECK(read_text(path) == "old");
  save(path, "");
  CHECK(read_text(path).empty());
  save(path, std::string(200000, 'x'));
  CHECK(read_text(path) == std::string(200000, 'x'));
  CHECK(failure_of([&] { OutputFile file(path, OutputFile::Target::regular_only); }).code == ErrorCode::io);
  CHECK(failure_of([&] { OutputFile file(scratch.file("new")); }).code == ErrorCode::io);
  set_file_fault(nullptr);
}
