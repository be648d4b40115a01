#include "core/path.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "core/failure.hpp"
#include "tests/scratch.hpp"

using namespace dcrnn;

TEST_CASE("paths are put together and taken apart") {
  CHECK(directory_of("a/b/c") == "a/b/");
  CHECK(directory_of("c") == "./");
  CHECK(directory_of("/c") == "/");
  CHECK(name_of("a/b/c") == "c");
  CHECK(name_of("c") == "c");
  CHECK(joined("a", "b") == "a/b");
  CHECK(joined("a/", "b") == "a/b");
  CHECK(joined("", "b") == "b");
  CHECK(joined("a", "/b") == "/b");
  CHECK(absolute_path("/a") == "/a");
  CHECK(absolute_path("a") == std::filesystem::current_path().string() + "/a");
}

TEST_CASE("links are followed, and a place has one name") {
  const test::ScratchDirectory scratch;
  const std::string root = std::filesystem::canonical(scratch.file("")).string();
  const std::string deep = scratch.file("one/two/three");
  REQUIRE(try_make_directories(deep) == 0);
  REQUIRE(try_make_directories(deep) == 0);  // there already
  std::filesystem::create_symlink("one/two", scratch.file("short"));
  std::filesystem::create_symlink("short", scratch.file("shorter"));
  CHECK(follow_links(scratch.file("shorter")) == scratch.file("one/two"));
  CHECK(follow_links(scratch.file("none")) == scratch.file("none"));
  CHECK(canonical_path(scratch.file("shorter/three")) == joined(root, "one/two/three"));
  CHECK(canonical_path(scratch.file("shorter/new/file")) == joined(root, "one/two/new/file"));
  CHECK(canonical_path(scratch.file("shorter//three/")) == joined(root, "one/two/three"));

  std::filesystem::create_symlink("ring", scratch.file("ring"));
  CHECK_THROWS_AS(follow_links(scratch.file("ring")), Failure);
  CHECK(canonical_path(scratch.file("ring/file")).empty());
  test::write_text(scratch.file("file"), "");
  CHECK(canonical_path(scratch.file("file/below")) == joined(root, "file/below"));
  CHECK(try_make_directories(scratch.file("file")) == -1);
  CHECK(try_make_directories(scratch.file("file/below")) == -1);
}
