// A look at config and data before hours of training.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dcrnn/export.h"
#include "dcrnn/files.hpp"
#include "dcrnn/result.hpp"

namespace dcrnn {

struct CheckJob {
  std::string config_json;             ///< text of the config
  std::string config_name = "config";  ///< names it in errors
  std::vector<std::string> train;      ///< CSV files, also compressed
  std::vector<std::string> valid;
  std::string scratch = "/tmp";  ///< directory of a nameless file of the rows that goes with the call
  ComputeOptions compute;
  ProgressCallback progress;
};

/// What the cells of one field hold. Shares are of the cells or, where it says so, of the values: the cells
/// of a category that are not empty, the items of a bag.
struct FieldCheck {
  std::string field;
  std::uint64_t cells = 0;
  double missing = 0;          ///< share of empty cells
  std::uint64_t distinct = 0;  ///< words; rows used of a table of fixed size; buckets used; numbers
  bool more_distinct = false;  ///< numbers: there are more than that
  std::optional<double> rare;  ///< vocabularies: share of values seen fewer than min_count times
  std::optional<double> valid_missing;
  std::optional<double> valid_unknown;          ///< categories and bags: share of values
  std::vector<std::optional<double>> lone_auc;  ///< per task: of ranking a sample of rows by this field alone
};

/// The labels of one task.
struct TaskCheck {
  std::string task;
  std::uint64_t labelled = 0;   ///< training rows
  std::uint64_t positives = 0;  ///< of those of some weight
  std::optional<double> rate;   ///< share of positives among them
  std::uint64_t valid_labelled = 0, valid_positives = 0;
  std::optional<double> valid_rate;
};

struct CheckReport {
  std::uint64_t rows = 0, valid_rows = 0;
  std::vector<FieldCheck> fields;
  std::vector<TaskCheck> tasks;
  std::vector<std::string> warnings;  ///< "warning: ...": what spoils what was asked for
  std::vector<std::string> notes;     ///< "note: ...": what is worth knowing
  std::size_t parameter_count = 0;
  std::uint64_t memory_bytes = 0;  ///< a training takes, about
  std::size_t epochs = 0;          ///< at most
  std::optional<double>
      seconds_per_epoch;  ///< about, of all members, validation included; nothing where a first step fails
  double reading_seconds = 0;  ///< of this call, for the files
  double seconds = 0;          ///< of this call
};

/// Looks at what training would read, without training and without writing a file. What fit() refuses is
/// refused with the same error.
DCRNN_EXPORT Result<CheckReport> check(const CheckJob& job) noexcept;

}  // namespace dcrnn
