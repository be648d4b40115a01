// The arrows between the rooms: which folder may include which, and where OpenMP and threads may appear.
// Every violation is named as file:line.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

struct Room {
  std::string folder;
  Names rooms;      ///< folders it may include, besides itself
  Names libraries;  ///< prefixes of outside headers it may include, besides the standard library
};

// A folder's files are judged by the last entry whose folder holds them.
const std::vector<Room> kRooms = {
    {"include/dcrnn", {}, {"stddef.h", "stdint.h"}},
    {"core", {"dcrnn/result.hpp"}, {"posix", "omp.h"}},
    {"config", {"dcrnn/result.hpp", "core/"}, {"nlohmann/"}},
    {"files", {"dcrnn/result.hpp", "core/"}, {"nlohmann/", "xxhash.h"}},
    {"kernels", {"core/"}, {}},
    {"kernels/simd", {"core/", "kernels/"}, {"xsimd/"}},
    {"kernels/isa", {"core/", "kernels/"}, {"xsimd/"}},
    {"optim", {"dcrnn/result.hpp", "core/", "kernels/", "config/keys.hpp"}, {}},
    {"model", {"dcrnn/result.hpp", "core/", "kernels/", "config/"}, {}},
    {"train", {"dcrnn/result.hpp", "core/", "kernels/", "optim/", "model/", "config/", "files/"}, {}},
    {"data",
     {"dcrnn/result.hpp", "core/", "config/schema.hpp"},
     {"zlib.h", "xxhash.h", "fast_float/", "emmintrin.h"}},
    {"api",
     {"dcrnn/", "core/", "kernels/", "optim/", "config/", "files/", "model/", "data/", "train/",
      "generated/version_info.hpp"},
     {"nlohmann/"}},
    {"synth", {"dcrnn/", "core/"}, {}},
    {"app", {"dcrnn/"}, {"CLI/", "posix"}},
    {"examples", {"dcrnn/"}, {"dcrnn/", "posix", "math.h", "std", "string.h"}},
};

// Standard headers that would break a promise of the library: it never prints and never asks the locale;
// files and threads go through core.
const Names kForbidden = {"iostream", "fstream", "locale", "clocale", "thread", "future", "execution"};

const Names kPosix = {"dirent.h", "fcntl.h",  "poll.h",   "pthread.h", "sched.h",
                      "signal.h", "stdlib.h", "unistd.h", "sys/",      "linux/"};

bool starts_with_any(std::string_view text, const Names& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return text.starts_with(prefix); });
}

bool holds(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What is wrong with `line` of a file at `path` (relative to the project); empty if nothing.
std::string complaint(const std::string& path, const std::string& line) {
  static const std::regex include(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"])re");
  static const std::regex pragma(R"re(^\s*#\s*pragma\s+omp\b|_Pragma\s*\(\s*"omp\b)re");
  if (std::regex_search(line, pragma) && path != "core/threads.hpp") {
    return "an OpenMP pragma outside core/threads.hpp";
  }
  std::smatch match;
  if (!std::regex_search(line, match, include)) return {};
  const bool quoted = match[1] == "\"";
  const std::string header = match[2];
  const auto room = std::find_if(kRooms.rbegin(), kRooms.rend(),
                                 [&](const Room& r) { return path.starts_with(r.folder + "/"); });
  if (room == kRooms.rend()) return {};  // tests and benchmarks may include anything
  if (quoted) {
    const std::string own = room->folder == "include/dcrnn" ? "dcrnn/" : room->folder + "/";
    if (header.starts_with(own) || starts_with_any(header, room->rooms)) return {};
    return room->folder + " must not include \"" + header + "\"";
  }
  const bool program = room->folder == "app" || room->folder == "examples";
  if (!program && room->folder != "core" && holds(kForbidden, header)) {
    return "<" + header + "> in the library; see core/ for its own way";
  }
  if (header == "omp.h" && !path.starts_with("core/threads.")) return "<omp.h> outside core/threads";
  if (starts_with_any(header, room->libraries)) return {};
  if (starts_with_any(header, kPosix) && holds(room->libraries, "posix")) return {};
  if (header.find_first_of("/.") == std::string::npos) return {};  // the standard library
  return room->folder + " must not include <" + header + ">";
}

std::vector<fs::path> sources(const fs::path& root) {
  std::vector<fs::path> found;
  for (const char* folder : {"include", "core", "config", "files", "kernels", "optim", "model", "train",
                             "data", "synth", "api", "app", "examples", "bench", "tests"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension();
      if (holds({".cpp", ".hpp", ".inc", ".h", ".c"}, extension)) found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

TEST_CASE("every file keeps to the arrows between the rooms") {
  const fs::path root = DCRNN_SOURCE_DIR;
  const auto files = sources(root);
  REQUIRE(files.size() > 20);
  for (const fs::path& file : files) {
    const std::string path = fs::relative(file, root).generic_string();
    if (path == "tests/structure/test_arrows.cpp") continue;  // holds the bad examples below
    std::ifstream in(file);
    REQUIRE(in);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      const std::string wrong = complaint(path, line);
      if (!wrong.empty()) FAIL_CHECK(path << ":" << number << ": " << wrong);
    }
  }
}

TEST_CASE("the check sees what it should") {
  CHECK(complaint("core/size.hpp", "#include \"dcrnn/result.hpp\"") == "");
  CHECK(complaint("core/size.hpp", "#include \"kernels/table.hpp\"") != "");
  CHECK(complaint("kernels/simd/matmul.hpp", "#include <xsimd/xsimd.hpp>") == "");
  CHECK(complaint("kernels/table.cpp", "#include <xsimd/xsimd.hpp>") != "");
  CHECK(complaint("kernels/reference/loss.hpp", "#include \"kernels/table.hpp\"") == "");
  CHECK(complaint("kernels/table.cpp", "  #  include \"model/network.hpp\"") != "");
  CHECK(complaint("data/encoder.cpp", "#include \"model/network.hpp\"") != "");
  CHECK(complaint("model/network.cpp", "#include \"network.hpp\"") != "");
  CHECK(complaint("model/network.cpp", "#include <iostream>") != "");
  CHECK(complaint("app/main.cpp", "#include \"core/size.hpp\"") != "");
  CHECK(complaint("app/main.cpp", "#include <iostream>") == "");
  CHECK(complaint("include/dcrnn/model.hpp", "#include \"core/size.hpp\"") != "");
  CHECK(complaint("include/dcrnn/model.hpp", "#include <sys/mman.h>") != "");
  CHECK(complaint("core/file.cpp", "#include <sys/mman.h>") == "");
  CHECK(complaint("core/threads.hpp", "#include <omp.h>") == "");
  CHECK(complaint("core/file.cpp", "#include <omp.h>") != "");
  CHECK(complaint("core/threads.hpp", "#pragma omp parallel") == "");
  CHECK(complaint("model/network.cpp", "#pragma omp parallel for") != "");
  CHECK(complaint("tests/model/test_network.cpp", "_Pragma(\"omp simd\")") != "");
}
