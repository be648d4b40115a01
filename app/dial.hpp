// dcrnn compare --dial: when does sharing pay? Answered on logs whose truth is known.
#pragma once

#include "app/compare_run.hpp"

namespace dcrnn::app {

struct DialOptions {
  bool turned = false;       ///< --dial was given
  std::size_t rows = 20000;  ///< of each training log
  double selection = 0;
};

/// For every correlation of the tasks and every seed a synthetic log of its own in options.out, on which the
/// rows are compared; writes dial.csv and dial.svg there and prints the table. Exit code.
int run_dial(const CompareOptions& options, const DialOptions& dial);

}  // namespace dcrnn::app
