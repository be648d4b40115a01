// Which columns of a CSV file a config reads, and the cells that are no features: labels, weights, truths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "data/csv.hpp"
#include "data/row_reader.hpp"

namespace dcrnn::data {

/// Column numbers in one file.
struct Columns {
  std::vector<std::vector<std::size_t>> fields;  ///< those of every field: one, or the one or two of a key
  std::vector<std::size_t> labels;               ///< one per task, or none if labels are not read
  std::vector<std::optional<std::size_t>> soft;  ///< one per task, or none if soft labels are not read
  std::optional<std::size_t> weight;             ///< where labels are read and the config names a weight
  std::vector<std::size_t> truth;                ///< `true_<task>`, one per task, or none
};

/// Failure(data) names a column that is missing and the nearest there is; a file without a header is one too.
/// `soft`: soft labels are read where labels are.
Columns find_columns(const Schema& config, const CsvReader& csv, RowReader::Labels labels, bool soft);

/// The number of a column that `reader` (for the message) needs.
std::size_t find_column(const CsvReader& csv, const std::string& name, const std::string& reader);

/// What helps where a cell cannot be read.
std::string field_help(const Field& field);
inline constexpr const char* kLabelHelp =
    "mend the cell; if the word means 1, 0 or a missing label, name it in csv.true, csv.false or csv.missing";
inline constexpr const char* kSoftHelp = "mend the cell; a soft label is a number from 0 to 1, or empty";
inline constexpr const char* kWeightHelp = "mend the cell; every row needs a weight";
inline constexpr const char* kTruthHelp = "mend the cell, or remove the columns true_<task>";

/// Each gives "" or what is wrong with the cell.
std::string parse_label(const CsvDialect& dialect, std::string_view cell, std::int8_t& label);
/// What is learnt from a row: the label, and the soft label, if the cell has one, by the task's share of it.
std::string parse_target(const CsvDialect& dialect, const Task& task, std::string_view cell,
                         std::int8_t label, double& target);
std::string parse_weight(std::string_view cell, double& weight);
std::string parse_truth(std::string_view cell, double& probability);

}  // namespace dcrnn::data
