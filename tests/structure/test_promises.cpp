// Every table of promises names what holds them, and whatever a page names as a test, script or source is
// there.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

/// Heads of tables whose last column names the proof.
const std::regex kHead(R"re(^\| *(claim|promise|proof) *\|.*\b(check it|proof|test) *\|$)re");
/// A path in a folder that proves or measures; not the beginning of a pattern such as tests/model/test_*.cpp.
const std::regex kPath(R"re((^|[^\w/]|\.\./)((tests|scripts|examples|bench)/[\w./-]*\w)(?![\w<*]))re");

Lines paths_in(const std::string& text) {
  return {std::sregex_token_iterator(text.begin(), text.end(), kPath, 2), std::sregex_token_iterator()};
}

/// What is wrong with a page, each with its line.
Lines complaints(const Lines& page, const fs::path& root) {
  Lines wrong;
  bool promises = false;
  for (std::size_t i = 0; i < page.size(); ++i) {
    const std::string place = std::to_string(i + 1) + ": ";
    const std::string& line = page[i];
    for (const std::string& path : paths_in(line)) {
      if (!fs::exists(root / path)) wrong.push_back(place + path + " is not there");
    }
    if (std::regex_match(line, kHead)) {
      promises = true;
      continue;
    }
    promises = promises && line.starts_with('|');
    if (!promises || line.starts_with("|---")) continue;
    const std::size_t last = line.rfind('|', line.size() - 2);
    const std::string proof = line.substr(last);
    if (paths_in(proof).empty() && proof.find("`dcrnn ") == std::string::npos) {
      wrong.push_back(place + "a promise without a test");
    }
  }
  return wrong;
}

Lines lines_of(const fs::path& file) {
  std::ifstream in(file);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("every promise names a test that is there") {
  const fs::path root = DCRNN_SOURCE_DIR;
  std::vector<fs::path> pages = {root / "README.md"};
  for (const auto& entry : fs::directory_iterator(root / "docs")) {
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  }
  REQUIRE(pages.size() > 20);
  std::size_t tables = 0;
  for (const fs::path& page : pages) {
    const Lines lines = lines_of(page);
    tables += static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [](const std::string& line) { return std::regex_match(line, kHead); }));
    for (const std::string& wrong : complaints(lines, root)) {
      FAIL_CHECK(fs::relative(page, root).generic_string() << ":" << wrong);
    }
  }
  CHECK(tables >= 5);  // README, and the pages of the program, the library, files and layers
}

TEST_CASE("the check of the promises sees what it should") {
  const fs::path root = DCRNN_SOURCE_DIR;
  const std::string head = "| promise | test |", rule = "|---|---|";
  CHECK(complaints({head, rule, "| kept | `tests/structure` |"}, root).empty());
  CHECK(complaints({head, rule, "| kept | `dcrnn gradcheck CONFIG` |"}, root).empty());
  CHECK(complaints({head, rule, "| kept | by hand |"}, root).size() == 1);
  CHECK(complaints({head, rule, "| kept in `tests/structure` | |"}, root).size() == 1);
  CHECK(complaints({head, rule, "| kept | `tests/structure/test_none.cpp` |"}, root).size() == 1);
  CHECK(complaints({"| code | meaning |", rule, "| 0 | done |"}, root).empty());
  CHECK(complaints({"see tests/none/test_none.cpp."}, root).size() == 1);
  CHECK(complaints({"see [it](../tests/none)"}, root).size() == 1);
  CHECK(complaints({"see `tests/model/test_<kind>.cpp` and build/bench/report"}, root).empty());
}
