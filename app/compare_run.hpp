// The work of dcrnn compare: trains the rows, and scores what they have become.
#pragma once

#include <string>
#include <vector>

#include "app/comparison.hpp"
#include "app/options.hpp"
#include "compare/rows.hpp"

namespace dcrnn::app {

/// Predictions made elsewhere.
struct OutsideRow {
  std::string name;
  std::vector<std::string> files;  ///< one for each seed, or one for all
};

struct CompareOptions {
  std::string config, out, show, report;
  std::vector<std::string> train, valid, test, models, set;
  std::vector<OutsideRow> outside;
  compare::Equal equal = compare::Equal::parameters;
  std::size_t seeds = 5, search = 0;
  SharedOptions shared;
};

/// A row, and whether it has the size that was asked for.
struct SizedRow {
  compare::Row row;
  bool equal = true;
};

/// The row of that name over `config` (JSON), or the config of one's own in the file of that name, which
/// stays as it is.
SizedRow make_sized_row(const std::string& name, const std::string& config, const CompareOptions& options);

/// Trains what is not there yet, and judges all. Models, cache and timings lie in options.out, which is
/// there. Failure(stopped) after a signal, what was unfinished having a checkpoint.
Comparison run_comparison(const CompareOptions& options, const std::string& config,
                          const std::vector<SizedRow>& rows);

}  // namespace dcrnn::app
