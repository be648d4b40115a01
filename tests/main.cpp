// Runs the tests of one room after saying which instruction sets they can use.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <string>

#include "core/cpu.hpp"

int main(int argc, char** argv) {
  std::string found;
  for (dcrnn::Isa isa : dcrnn::available_isas()) found += " " + std::string(dcrnn::name(isa));
  std::printf("instruction sets:%s; chosen by default: %s\n", found.c_str(),
              std::string(dcrnn::name(dcrnn::best_isa())).c_str());
  std::fflush(stdout);
  return doctest::Context(argc, argv).run();
}
