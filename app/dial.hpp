// dcrnn compare --dial: when does sharing pay? Answered on logs whose truth is known.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compare/job.hpp"

namespace dcrnn::app {

struct DialOptions {
  bool turned = false;       ///< --dial was given
  std::size_t rows = 20000;  ///< of each training log
  double selection = 0;
};

/// For every correlation of the tasks and every seed a synthetic log of its own in job.out, on which the
/// job's rows are compared, its config changed by `set`; writes dial.csv and dial.svg there and prints the
/// table. Exit code.
int run_dial(compare::Job job, const std::vector<std::string>& set, const DialOptions& dial);

}  // namespace dcrnn::app
