#include "data/columns.hpp"

#include <algorithm>
#include <span>

#include "core/batch.hpp"
#include "core/text.hpp"
#include "data/number.hpp"

namespace dcrnn::data {
namespace {

std::optional<std::size_t> find(const std::vector<std::string>& header, const std::string& name) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

[[noreturn]] void fail_missing(const CsvReader& csv, const std::string& name, const std::string& reader) {
  constexpr std::size_t kLongestList = 400;
  const std::vector<std::string_view> columns(csv.header().begin(), csv.header().end());
  const std::string_view near = nearest(name, columns);
  std::string help;
  if (!near.empty()) help = "did you mean " + in_quotes(near) + "? ";
  help += "the file has the columns ";
  const std::size_t begin = help.size();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (help.size() - begin > kLongestList) {
      help += ", ...";
      break;
    }
    help += (i == 0 ? "" : ", ") + in_quotes(columns[i]);
  }
  csv.fail_header("column " + in_quotes(name) + " is missing (" + reader + ")", help);
}

/// A column per task, or none unless all are there.
std::vector<std::size_t> find_for_all_tasks(const Schema& config, const CsvReader& csv,
                                            std::string (*name)(const Task&)) {
  std::vector<std::size_t> columns;
  for (const Task& task : config.tasks) {
    const std::optional<std::size_t> column = find(csv.header(), name(task));
    if (!column) return {};
    columns.push_back(*column);
  }
  return columns;
}

std::string label_name(const Task& task) {
  return task.label;
}

std::string truth_name(const Task& task) {
  return "true_" + task.name;
}

}  // namespace

Columns find_columns(const Schema& config, const CsvReader& csv, RowReader::Labels labels) {
  Columns columns;
  for (const Field& field : config.fields) {
    const std::optional<std::size_t> column = find(csv.header(), field.column);
    if (!column) fail_missing(csv, field.column, "field " + in_quotes(field.name));
    columns.fields.push_back(*column);
  }
  if (labels == RowReader::Labels::ignored) return columns;

  columns.labels = find_for_all_tasks(config, csv, label_name);
  if (columns.labels.empty()) {
    if (labels == RowReader::Labels::optional) return columns;
    for (const Task& task : config.tasks) {
      if (!find(csv.header(), task.label)) {
        fail_missing(csv, task.label, "label of task " + in_quotes(task.name));
      }
    }
  }
  if (!config.weight.empty()) {
    columns.weight = find(csv.header(), config.weight);
    if (!columns.weight) fail_missing(csv, config.weight, "sample weight");
  }
  if (labels == RowReader::Labels::required) columns.truth = find_for_all_tasks(config, csv, truth_name);
  return columns;
}

std::string parse_label(std::string_view cell, std::int8_t& label) {
  if (cell.empty()) {
    label = kMissingLabel;
  } else if (cell == "0" || cell == "1") {
    label = cell == "1" ? 1 : 0;
  } else {
    return in_quotes(cell) + " is not a label (0, 1 or empty)";
  }
  return {};
}

std::string parse_weight(std::string_view cell, double& weight) {
  if (std::string error = parse_number(cell, weight); !error.empty()) return error;
  return weight >= 0 ? std::string() : in_quotes(cell) + " is not a sample weight (at least 0)";
}

std::string parse_truth(std::string_view cell, double& probability) {
  if (std::string error = parse_number(cell, probability); !error.empty()) return error;
  const bool fits = probability >= 0 && probability <= 1;
  return fits ? std::string() : in_quotes(cell) + " is not a probability (0 to 1)";
}

}  // namespace dcrnn::data
