// The command-line program `dcrnn`, one user of the public headers among others.
#include "app/program.hpp"

int main(int argc, char** argv) {
  return dcrnn::app::run(argc, argv);
}
