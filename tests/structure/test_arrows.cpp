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
    {"train",
     {"dcrnn/result.hpp", "dcrnn/files.hpp", "core/", "kernels/", "optim/", "model/", "config/", "files/"},
     {}},
    {"data",
     {"dcrnn/result.hpp", "core/", "config/schema.hpp", "config/csv_dialect.hpp"},
     {"zlib.h", "zstd.h", "xxhash.h", "fast_float/", "emmintrin.h"}},
    {"api",
     {"dcrnn/", "core/", "kernels/", "optim/", "config/", "files/", "model/", "data/", "train/", "compare/",
      "generated/version_info.hpp"},
     {"nlohmann/"}},
    {"synth", {"dcrnn/", "core/"}, {}},
    {"compare", {"dcrnn/", "core/"}, {"nlohmann/"}},
    {"report", {}, {}},
    {"stepper", {"report/"}, {}},
    {"app", {"dcrnn/", "compare/", "report/", "stepper/"}, {"CLI/", "posix"}},
    {"examples", {"dcrnn/"}, {"dcrnn/", "posix", "math.h", "std", "string.h"}},
};

// Inside the rooms: which files must not know which others.
struct Blind {
  Names files;    ///< prefixes of paths
  Names unknown;  ///< prefixes of headers they must not include
};

const std::vector<Blind> kBlind = {
    // A config's machinery works on the lists of keys that it is handed.
    {{"config/keys.", "config/reader.", "config/writer.", "config/rules.", "config/reference.",
      "config/json_text.", "config/set_value.", "config/difference."},
     {"config/schema.hpp"}},
    // The textbook and the vectors are two tellings of kernels/table.hpp; only isa/ makes tables of vectors.
    {{"kernels/table.hpp", "kernels/ops.inc", "kernels/arguments/"},
     {"kernels/reference/", "kernels/simd/", "kernels/isa/"}},
    {{"kernels/reference/"}, {"kernels/simd/", "kernels/isa/"}},
    {{"kernels/simd/"}, {"kernels/reference/", "kernels/isa/"}},
    // A layer does not know what it is built into, nor that into what; what it is built of knows no layer.
    {{"model/layers/"},
     {"model/walk.hpp", "model/network.hpp", "model/gradient_engine.hpp", "model/weight_gradients.hpp",
      "model/scorer.hpp", "model/trace.hpp", "model/gradcheck.hpp"}},
    {{"model/arena.", "model/build.", "model/layer.", "model/objective.", "model/parameters.", "model/pass.",
      "model/plan.", "model/sparse_rows."},
     {"model/layers/", "model/walk.hpp", "model/network.hpp"}},
    {{"model/walk.", "model/network."},
     {"model/gradient_engine.hpp", "model/weight_gradients.hpp", "model/scorer.hpp", "model/trace.hpp",
      "model/gradcheck.hpp"}},
    {{"model/gradient_engine.", "model/scorer."}, {"model/trace.hpp", "model/gradcheck.hpp"}},
    // One step does not know the run, metrics neither model nor config.
    {{"train/trainer."}, {"train/fit.hpp", "train/checkpoint.hpp", "train/evaluate.hpp"}},
    {{"train/metrics.", "train/ranking."},
     {"model/", "optim/", "config/", "train/config.hpp", "train/trainer.hpp", "train/fit.hpp"}},
    // Text and words know no fields; cells and encoders neither files nor caches; a file is read without a
    // cache.
    {{"data/byte_source.", "data/decompress.", "data/scan.", "data/csv.", "data/number.", "data/vocabulary.",
      "data/moments.", "data/quantiles.", "data/hash.", "data/shuffle."},
     {"config/schema.hpp", "data/cell.hpp", "data/columns.hpp", "data/encoder.hpp", "data/field_",
      "data/record.hpp", "data/row_reader.hpp", "data/dataset", "data/cache"}},
    {{"data/cell.", "data/field_", "data/encoder"},
     {"data/byte_source.hpp", "data/csv.hpp", "data/columns.hpp", "data/record.hpp", "data/row_reader.hpp",
      "data/dataset", "data/cache"}},
    {{"data/row_reader.", "data/columns."}, {"data/record.hpp", "data/dataset", "data/cache"}},
    {{"data/cache"}, {"data/csv.hpp", "data/columns.hpp", "data/row_reader.hpp", "data/dataset_builder.hpp"}},
};

// Standard headers that would break a promise of the library: it never prints and never asks the locale;
// files and threads go through core.
const Names kForbidden = {"iostream", "fstream", "locale", "clocale", "thread", "future", "execution"};

const Names kPosix = {"dirent.h", "dlfcn.h",  "fcntl.h",  "poll.h", "pthread.h", "sched.h",
                      "signal.h", "stdlib.h", "unistd.h", "sys/",   "linux/"};

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
  const bool outside = path.starts_with("tests/embedding/");  // hosts of the library
  if (std::regex_search(line, pragma) && path != "core/openmp.cpp" && !outside) {
    return "an OpenMP pragma outside core/openmp.cpp";
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
    if (!header.starts_with(own) && !starts_with_any(header, room->rooms)) {
      return room->folder + " must not include \"" + header + "\"";
    }
    for (const Blind& blind : kBlind) {
      if (starts_with_any(path, blind.files) && starts_with_any(header, blind.unknown)) {
        return path + " must not know \"" + header + "\"";
      }
    }
    return {};
  }
  const bool program = room->folder == "app" || room->folder == "examples";
  if (!program && room->folder != "core" && holds(kForbidden, header)) {
    return "<" + header + "> in the library; see core/ for its own way";
  }
  if (header == "omp.h" && path != "core/openmp.cpp") return "<omp.h> outside core/openmp.cpp";
  if (starts_with_any(header, room->libraries)) return {};
  if (starts_with_any(header, kPosix) && holds(room->libraries, "posix")) return {};
  if (header.find_first_of("/.") == std::string::npos) return {};  // the standard library
  return room->folder + " must not include <" + header + ">";
}

std::vector<fs::path> sources(const fs::path& root) {
  std::vector<fs::path> found;
  for (const char* folder :
       {"include", "core", "config", "files", "kernels", "optim", "model", "train", "data", "synth", "api",
        "compare", "report", "stepper", "app", "examples", "bench", "tests"}) {
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

TEST_CASE("every rule is about files that are there") {
  std::vector<std::string> paths;
  for (const fs::path& file : sources(DCRNN_SOURCE_DIR)) {
    paths.push_back(fs::relative(file, DCRNN_SOURCE_DIR).generic_string());
  }
  const auto there = [&](const std::string& prefix) {
    return std::any_of(paths.begin(), paths.end(),
                       [&](const std::string& p) { return p.starts_with(prefix); });
  };
  for (const Room& room : kRooms) CHECK_MESSAGE(there(room.folder + "/"), room.folder);
  for (const Blind& blind : kBlind) {
    for (const std::string& prefix : blind.files) CHECK_MESSAGE(there(prefix), prefix);
    for (const std::string& prefix : blind.unknown) CHECK_MESSAGE(there(prefix), prefix);
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
  CHECK(complaint("data/encoder.cpp", "#include \"config/schema.hpp\"") == "");
  CHECK(complaint("data/encoder.cpp", "#include \"config/keys.hpp\"") != "");
  CHECK(complaint("data/dataset.hpp", "#include \"model/config.hpp\"") != "");
  CHECK(complaint("data/csv.hpp", "#include \"config/schema.hpp\"") != "");
  CHECK(complaint("data/csv.cpp", "#include \"data/encoder.hpp\"") != "");
  CHECK(complaint("data/encoder_tensors.cpp", "#include \"data/csv.hpp\"") != "");
  CHECK(complaint("data/row_reader.cpp", "#include \"data/cache.hpp\"") != "");
  CHECK(complaint("config/reader.cpp", "#include \"config/schema.hpp\"") != "");
  CHECK(complaint("config/reader.cpp", "#include \"model/config.hpp\"") != "");
  CHECK(complaint("optim/config.hpp", "#include \"config/schema.hpp\"") != "");
  CHECK(complaint("model/config.hpp", "#include \"train/config.hpp\"") != "");
  CHECK(complaint("kernels/reference/loss.hpp", "#include \"kernels/simd/loss.hpp\"") != "");
  CHECK(complaint("kernels/simd/loss.hpp", "#include \"kernels/reference/loss.hpp\"") != "");
  CHECK(complaint("kernels/table.hpp", "#include \"kernels/reference/loss.hpp\"") != "");
  CHECK(complaint("model/layers/gru.hpp", "#include \"model/build.hpp\"") == "");
  CHECK(complaint("model/layers/gru.hpp", "#include \"model/network.hpp\"") != "");
  CHECK(complaint("model/layers/gru.hpp", "#include \"model/gradient_engine.hpp\"") != "");
  CHECK(complaint("model/layers/gru.hpp", "#include \"model/trace.hpp\"") != "");
  CHECK(complaint("model/layers/gru.hpp", "#include \"train/trainer.hpp\"") != "");
  CHECK(complaint("model/build.hpp", "#include \"model/layers/gru.hpp\"") != "");
  CHECK(complaint("model/network.hpp", "#include \"model/gradient_engine.hpp\"") != "");
  CHECK(complaint("train/trainer.cpp", "#include \"train/fit.hpp\"") != "");
  CHECK(complaint("train/metrics.cpp", "#include \"train/config.hpp\"") != "");
  CHECK(complaint("model/network.cpp", "#include \"network.hpp\"") != "");
  CHECK(complaint("model/network.cpp", "#include <iostream>") != "");
  CHECK(complaint("app/main.cpp", "#include \"core/size.hpp\"") != "");
  CHECK(complaint("app/main.cpp", "#include <iostream>") == "");
  CHECK(complaint("include/dcrnn/model.hpp", "#include \"core/size.hpp\"") != "");
  CHECK(complaint("include/dcrnn/model.hpp", "#include <sys/mman.h>") != "");
  CHECK(complaint("core/file.cpp", "#include <sys/mman.h>") == "");
  CHECK(complaint("core/openmp.cpp", "#include <omp.h>") == "");
  CHECK(complaint("core/file.cpp", "#include <omp.h>") != "");
  CHECK(complaint("core/openmp.cpp", "#pragma omp parallel") == "");
  CHECK(complaint("model/network.cpp", "#pragma omp parallel for") != "");
  CHECK(complaint("tests/model/test_network.cpp", "_Pragma(\"omp simd\")") != "");
}
