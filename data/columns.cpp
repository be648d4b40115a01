#include "data/columns.hpp"

#include <algorithm>
#include <span>

#include "core/batch.hpp"
#include "core/text.hpp"
#include "data/cell.hpp"
#include "data/number.hpp"

namespace dcrnn::data {
namespace {

std::optional<std::size_t> find(const std::vector<std::string>& header, const std::string& name) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

/// The separator that would have split a header of one cell so that `name` is among the pieces; 0: none.
char other_separator(const CsvReader& csv, const std::string& name) {
  if (csv.header().size() != 1) return 0;
  for (const char candidate : {',', ';', '\t', '|', ':', ' ', '^', '~', '\x01'}) {
    std::string_view rest = csv.header()[0];
    for (std::size_t cut = 0; cut != std::string_view::npos; rest.remove_prefix(cut + 1)) {
      cut = rest.find(candidate);
      std::string_view piece = rest.substr(0, cut);
      if (piece.size() > 1 && piece.front() == '"' && piece.back() == '"') {
        piece = piece.substr(1, piece.size() - 2);
      }
      if (piece == name && piece.size() < csv.header()[0].size()) return candidate;
      if (cut == std::string_view::npos) break;
    }
  }
  return 0;
}

/// The quote in which `name` stands in the header; 0: none.
char other_quote(const CsvReader& csv, const std::string& name) {
  for (const char candidate : {'"', '\'', '`'}) {
    if (find(csv.header(), candidate + name + candidate)) return candidate;
  }
  return 0;
}

std::string list_of_columns(const CsvReader& csv) {
  constexpr std::size_t kLongestList = 400;
  std::string list;
  for (const std::string& column : csv.header()) {
    if (list.size() > kLongestList) return list + ", ...";
    list += (list.empty() ? "" : ", ") + in_quotes(column);
  }
  return list;
}

[[noreturn]] void fail_missing(const CsvReader& csv, const std::string& name, const std::string& reader) {
  const std::string what = "column " + in_quotes(name) + " is missing (" + reader + ")";
  if (!csv.dialect().header.empty()) {
    fail(ErrorCode::usage, csv.name() + ": " + what + ": csv.header does not name it",
         "csv.header names " + list_of_columns(csv));
  }
  const auto written = [](char mark) {  // as JSON has it, too
    return mark == '\x01' ? std::string("\"\\u0001\"") : in_quotes({&mark, 1});
  };
  if (csv.header().size() == 1 && csv.header()[0].starts_with("sep=")) {
    csv.fail_header(what + ": the line tells a spreadsheet program the separator",
                    "remove the line, and train with csv.separator " + in_quotes(csv.header()[0].substr(4)) +
                        " in the config unless that is a comma");
  }
  if (const char separator = other_separator(csv, name); separator != 0) {
    csv.fail_header(what + ": the line is separated by " + written(separator) + ", not by " +
                        in_quotes(csv.dialect().separator),
                    "write the file with " + in_quotes(csv.dialect().separator) +
                        " between cells, or train with csv.separator " + written(separator) +
                        " in the config");
  }
  if (const char quote = other_quote(csv, name); quote != 0) {
    csv.fail_header(
        what + ": it stands between " + written(quote) + ", and csv.quote is " +
            in_quotes(csv.dialect().quote),
        "write the file with that quote, or train with csv.quote " + written(quote) + " in the config");
  }
  const std::vector<std::string_view> columns(csv.header().begin(), csv.header().end());
  const std::string_view near = nearest(name, columns);
  std::string help;
  if (!near.empty()) help = "did you mean " + in_quotes(near) + "? ";
  help += "the file has the columns " + list_of_columns(csv);
  if (near.empty()) help += "; if that is a row, csv.header of the config names the columns";
  csv.fail_header(what, help);
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

std::size_t find_column(const CsvReader& csv, const std::string& name, const std::string& reader) {
  const std::optional<std::size_t> column = find(csv.header(), name);
  if (!column) fail_missing(csv, name, reader);
  return *column;
}

Columns find_columns(const Schema& config, const CsvReader& csv, RowReader::Labels labels, bool soft) {
  if (csv.header().empty()) {
    csv.fail_header("the file is empty", "the first line of a data file names its columns");
  }
  Columns columns;
  for (const Field& field : config.fields) {
    const std::string reader = "field " + in_quotes(field.name);
    std::vector<std::size_t>& own = columns.fields.emplace_back();
    if (field.type != FieldType::rate) own.push_back(find_column(csv, field.column, reader));
    for (const KeyColumn& column : field.of) own.push_back(find_column(csv, column.column, reader));
  }
  if (labels == RowReader::Labels::ignored) return columns;

  columns.labels = find_for_all_tasks(config, csv, label_name);
  if (columns.labels.empty()) {
    if (labels == RowReader::Labels::optional) return columns;
    for (const Task& task : config.tasks) {
      find_column(csv, task.label, "label of task " + in_quotes(task.name));
    }
  }
  for (const Task& task : config.tasks) {
    if (!soft) break;
    std::optional<std::size_t>& column = columns.soft.emplace_back();
    if (!task.soft.empty())
      column = find_column(csv, task.soft, "soft label of task " + in_quotes(task.name));
  }
  if (!config.weight.empty()) columns.weight = find_column(csv, config.weight, "sample weight");
  if (labels == RowReader::Labels::required) columns.truth = find_for_all_tasks(config, csv, truth_name);
  return columns;
}

std::string field_help(const Field& field) {
  if (field.type == FieldType::bag) {
    return "mend the cell; between two items stands one " + in_quotes(field.separator) +
           ", the field's separator";
  }
  if (field.type == FieldType::category) {
    return "mend the cell; encoding \"id\" takes whole numbers below size, \"vocab\" and \"hash\" take any "
           "word";
  }
  if (field.type == FieldType::number && field.transform == Transform::none) {
    return "mend the cell; with transform \"none\" every cell is a number, the other transforms allow "
           "missing ones";
  }
  return "mend the cell; if it stands for a missing number, name the word in csv.missing or in the field's "
         "missing";
}

std::string parse_label(const CsvDialect& dialect, std::string_view cell, std::int8_t& label) {
  const auto among = [cell](const std::vector<std::string>& words) { return is_among(cell, words); };
  if (among(dialect.true_words)) {
    label = 1;
  } else if (among(dialect.false_words)) {
    label = 0;
  } else if (cell.empty() || among(dialect.missing)) {
    label = kMissingLabel;
  } else {
    std::string words;
    for (const auto* list : {&dialect.true_words, &dialect.false_words, &dialect.missing}) {
      for (const std::string& word : *list) words += word.empty() ? "" : in_quotes(word) + ", ";
    }
    return in_quotes(cell) + " is not a label (" + words.substr(0, words.size() - 2) + " or empty)";
  }
  return {};
}

std::string parse_target(const CsvDialect& dialect, const Task& task, std::string_view cell,
                         std::int8_t label, double& target) {
  target = label == 1 ? 1 : 0;
  if (cell.empty() || is_among(cell, dialect.missing)) return {};
  double soft = 0;
  if (std::string error = parse_number(cell, soft); !error.empty()) return error;
  if (!(soft >= 0 && soft <= 1)) return in_quotes(cell) + " is not a soft label (0 to 1)";
  target = task.target(label, soft);
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
