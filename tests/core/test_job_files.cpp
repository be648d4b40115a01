#include "core/job_files.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "core/file.hpp"
#include "core/file_calls.hpp"
#include "core/run_lock.hpp"
#include "core/temporary.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

/// What check() says of a job that reads `in` and writes `out`.
std::string complaint(const std::string& in, const std::string& out) {
  JobFiles files;
  files.reads(in);
  files.writes("the result", out);
  const Error error = failure_of([&] { files.check(); });
  if (error.code == ErrorCode::internal) return "";
  CHECK(error.code == ErrorCode::usage);
  CHECK_FALSE(error.help.empty());
  return error.message;
}

std::string complaint_of_two(const std::string& one, const std::string& other) {
  JobFiles files;
  files.writes("the one", one);
  files.writes("the other", other);
  const Error error = failure_of([&] { files.check(); });
  return error.code == ErrorCode::internal ? "" : error.message;
}

}  // namespace

TEST_CASE("a file is the same under all its names") {
  const ScratchDirectory scratch;
  const std::string a = scratch.file("a"), b = scratch.file("b");
  write_text(a, "text");
  write_text(b, "text");
  CHECK(complaint(a, b).empty());
  CHECK(complaint(a, scratch.file("new")).empty());
  CHECK(complaint(scratch.file("missing"), scratch.file("missing")).empty());  // reading it will fail
  CHECK(complaint(a, a) == a + ": the result to write is the file to read " + a);
  std::filesystem::create_symlink("a", scratch.file("symbolic"));
  std::filesystem::create_hard_link(a, scratch.file("hard"));
  std::filesystem::create_symlink(".", scratch.file("here"));
  for (const std::string name : {"symbolic", "hard", "here/a", "./a", "here/../a", "here/symbolic"}) {
    CAPTURE(name);
    if (name != "here/../a") CHECK_FALSE(complaint(a, scratch.file(name)).empty());
    CHECK_FALSE(complaint(scratch.file("here/hard"), scratch.file("symbolic")).empty());
  }
  CHECK(complaint("/dev/null", "/dev/null").empty());
  CHECK(complaint("", b).empty());
}

TEST_CASE("what is written is several files, there or not") {
  const ScratchDirectory scratch;
  const std::string a = scratch.file("a"), b = scratch.file("b");
  CHECK(complaint_of_two(a, b).empty());
  CHECK(complaint_of_two(a, scratch.file("./a")) ==
        scratch.file("./a") + ": the other to write is also the one " + a);
  CHECK(complaint_of_two(a, a + "/below") == a + "/below: the other to write would lie in the one " + a);
  CHECK(complaint_of_two(a, a + ".below").empty());
  CHECK_FALSE(complaint_of_two(a + "/below", a).empty());
  std::filesystem::create_directory(a);
  CHECK(complaint_of_two(a, a + "/below").empty());
  std::filesystem::create_symlink("nowhere", b);
  CHECK_FALSE(complaint_of_two(b, scratch.file("nowhere")).empty());
  CHECK(complaint_of_two("/dev/null", "/dev/null") != "");
}

TEST_CASE("a directory in which files of a kind are written") {
  const ScratchDirectory scratch;
  const auto is_ours = [](std::string_view name) { return name.ends_with(".rows"); };
  write_text(scratch.file("data"), "text");
  write_text(scratch.file("x.rows"), "text");
  const auto refused = [&](const std::string& read) {
    JobFiles files;
    files.reads(scratch.file(read));
    files.writes_in("the cache", scratch.path(), is_ours);
    return failure_of([&] { files.check(); }).code == ErrorCode::usage;
  };
  CHECK_FALSE(refused("data"));
  CHECK(refused("x.rows"));
  std::filesystem::create_symlink("data", scratch.file("y.rows"));
  CHECK(refused("data"));
}

TEST_CASE("a temporary of a living process stays, that of a dead one goes") {
  const ScratchDirectory scratch;
  for (const std::string& target : {scratch.file("target"), scratch.file(std::string(250, 'n'))}) {
    JobFiles files;
    files.writes("the result", target);
    const TemporaryFile alive = make_temporary(target), dead = make_temporary(target);
    REQUIRE(alive.descriptor >= 0);
    REQUIRE(dead.descriptor >= 0);
    ::close(dead.descriptor);
    write_text(scratch.file(".other.dcrnn-1-0.tmp"), "");
    files.sweep();
    CHECK(file_exists(alive.path));
    CHECK_FALSE(file_exists(dead.path));
    CHECK(file_exists(scratch.file(".other.dcrnn-1-0.tmp")));
    ::close(alive.descriptor);
    files.sweep();
    CHECK_FALSE(file_exists(alive.path));
  }
  // Saving with an abandoned file and a sweep in between.
  OutputFile file(scratch.file("target"));
  file.write("text");
  JobFiles files;
  files.writes("the result", scratch.file("target"));
  files.sweep();
  file.commit();
  CHECK(read_text(scratch.file("target")) == "text");
}

TEST_CASE("names of temporaries") {
  const auto of_m = [](std::string_view name) {
    return is_temporary_of(name, [](std::string_view target) { return target == "m"; });
  };
  CHECK(of_m(".m.dcrnn-12-3.tmp"));
  for (const char* name : {"", ".", "m", ".m.tmp", ".tmp", ".m.dcrnn-.tmp", ".m.dcrnn-1.tmp",
                           ".m.dcrnn-1-.tmp", ".m.dcrnn-1-x.tmp", ".n.dcrnn-1-2.tmp", "m.dcrnn-1-2.tmp",
                           ".m.dcrnn-1-2.tmpx", "..dcrnn-1-2.tmp", ".m.dcrnn-1-2"}) {
    CAPTURE(name);
    CHECK_FALSE(of_m(name));
  }
}

TEST_CASE("a lock is held by one, names it, and is gone with it") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("m"), lock = scratch.file(".m.dcrnn-lock");
  std::filesystem::create_symlink("m", scratch.file("link"));
  {
    const RunLock first(path);
    for (const std::string& name : {path, scratch.file("link")}) {
      const Error error = failure_of([&] { RunLock second(name); });
      CHECK(error.code == ErrorCode::io);
      CHECK(contains(error.message, name + ": another training run is writing it: process " +
                                        std::to_string(::getpid()) + " on "));
    }
    const RunLock other(scratch.file("n"));
  }
  CHECK_FALSE(file_exists(lock));
  write_text(lock, "process 1 on another host, which was killed");
  { const RunLock again(path); }
  CHECK_FALSE(file_exists(lock));
  write_text(lock, "a file of somebody else");
  CHECK(contains(failure_of([&] { RunLock refused(path); }).message, "is not a lock of dcrnn"));
  CHECK(read_text(lock) == "a file of somebody else");
  CHECK(failure_of([&] { RunLock refused(scratch.file("no/m")); }).code == ErrorCode::io);
}
