#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "core/cpu.hpp"

using namespace dcrnn;

TEST_CASE("names of instruction sets lead there and back") {
  for (Isa isa : {Isa::reference, Isa::sse2, Isa::avx2, Isa::avx512, Isa::neon}) {
    REQUIRE(isa_from_name(name(isa)).has_value());
    CHECK(*isa_from_name(name(isa)) == isa);
  }
  CHECK(*isa_from_name("auto") == best_isa());
  CHECK_FALSE(isa_from_name("").has_value());
  CHECK_FALSE(isa_from_name("AVX2").has_value());
}

TEST_CASE("the available sets start with the reference and end with the best") {
  const std::vector<Isa> isas = available_isas();
  REQUIRE_FALSE(isas.empty());
  CHECK(isas.front() == Isa::reference);
  CHECK(isas.back() == best_isa());
  for (Isa isa : isas) CHECK(has(isa));
}

#if defined(__x86_64__) && defined(__linux__)
TEST_CASE("what is found agrees with the kernel's list of flags") {
  std::ifstream stream("/proc/cpuinfo");
  std::string line;
  while (std::getline(stream, line) && !line.starts_with("flags")) {
  }
  std::istringstream words(line);
  const std::set<std::string> flags{std::istream_iterator<std::string>(words), {}};
  if (flags.empty()) {
    MESSAGE("skipped: /proc/cpuinfo lists no flags");
    return;
  }
  CHECK(has(Isa::sse2));
  CHECK(has(Isa::avx2) == (flags.contains("avx2") && flags.contains("fma")));
  CHECK(has(Isa::avx512) == (flags.contains("avx512f") && flags.contains("avx512cd") &&
                             flags.contains("avx512dq") && flags.contains("avx512bw")));
  CHECK_FALSE(has(Isa::neon));
}
#endif
