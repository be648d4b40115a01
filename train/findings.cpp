#include "train/findings.hpp"

#include <algorithm>
#include <charconv>

#include "config/set_value.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::train {

namespace {

/// Root mean square beyond which raw numbers drown everything else in x0.
constexpr double kLargestScale = 1000;

std::string shown(double value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, 3).ptr);
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return shown(100 * static_cast<double>(part) / static_cast<double>(whole)) + "%";
}

void find_in_task(const Task& task, const Survey::TaskCounts& found, std::vector<Finding>& lines) {
  const std::string name = "task " + in_quotes(task.name) + ": ";
  const std::string useless = ": what is predicted for it means nothing";
  if (found.labelled == 0) {
    lines.push_back({true, name + "no training row has a label" + useless});
  } else if (found.teaching == 0) {
    lines.push_back({true, name + "the sample weight of every training row with a label is 0" + useless});
  } else if (found.positives == 0 || found.positives == found.teaching) {
    lines.push_back({true, name + "every label of the training rows is " +
                               (found.positives == 0 ? "0" : "1") + ": there is nothing to tell apart"});
  }
}

/// `rows`: what they are called.
void find_orphans(const ModelConfig& config, std::size_t t, const Survey& survey, const std::string& rows,
                  std::vector<Finding>& lines) {
  const std::uint64_t orphans = survey.tasks()[t].orphans;
  if (!config.chain || orphans == 0) return;
  const Task& task = config.tasks[t];
  const std::string parent = in_quotes(config.tasks[task.parent].name);
  const auto ones = static_cast<double>(survey.tasks()[t].ones);
  lines.push_back({static_cast<double>(orphans) > kNoisyOrphans * ones,
                   "task " + in_quotes(task.name) + ": its label is 1 but that of " + parent + " is 0 in " +
                       std::to_string(orphans) + " " + rows + " rows (" + percent(orphans, survey.rows()) +
                       "); with probability \"chain\" no model can predict them"});
}

/// The key by which a field reads the column; empty: it does not.
std::string key_that_reads(const Field& field, const std::string& column) {
  if (field.column == column) return "column";
  for (std::size_t j = 0; j < field.of.size(); ++j) {
    if (field.of[j].column == column) return "of[" + std::to_string(j) + "]";
  }
  return {};
}

}  // namespace

void refuse_labels_as_fields(const Config& config, const std::string& source) {
  const ModelConfig& model = config.model;
  for (std::size_t f = 0; f < model.fields.size(); ++f) {
    for (const Task& task : model.tasks) {
      const std::string key = key_that_reads(model.fields[f], task.label);
      if (key.empty()) continue;
      fail(ErrorCode::usage,
           printable(source) + ": fields[" + std::to_string(f) + "]." + key + ": " + in_quotes(task.label) +
               " is the label of task " + in_quotes(task.name) + ", which a model must not be given",
           "take the field out, or let it read another column");
    }
  }
}

std::vector<Finding> findings(const ModelConfig& config, const Survey& survey) {
  const std::vector<Survey::TaskCounts>& tasks = survey.tasks();
  const auto labelled = [](const Survey::TaskCounts& task) { return task.labelled > 0; };
  const auto teaching = [](const Survey::TaskCounts& task) { return task.teaching > 0; };
  if (std::none_of(tasks.begin(), tasks.end(), labelled)) {
    fail(ErrorCode::data, "training data: no row has a label of any task",
         "see that the label columns are filled: an empty cell is a missing label");
  }
  if (std::none_of(tasks.begin(), tasks.end(), teaching)) {
    fail(ErrorCode::data, "training data: the sample weight of every row with a label is 0",
         "give rows that count a weight above 0 in column " + in_quotes(config.weight));
  }
  std::vector<Finding> lines;
  for (std::size_t t = 0; t < tasks.size(); ++t) find_in_task(config.tasks[t], tasks[t], lines);
  for (std::size_t t = 0; t < tasks.size(); ++t) find_orphans(config, t, survey, "training", lines);
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    const Field& field = config.fields[f];
    for (const Task& task : config.tasks) {
      if (key_that_reads(field, "true_" + task.name).empty()) continue;
      lines.push_back({true, "field " + in_quotes(field.name) + ": column " + in_quotes("true_" + task.name) +
                                 " is the true probability of task " + in_quotes(task.name) +
                                 ", which no log has when it is scored"});
    }
    if (field.type != FieldType::number || field.transform != Transform::none) continue;
    if (!(survey.scale(f) > kLargestScale)) continue;
    lines.push_back(
        {true, "field " + in_quotes(field.name) + ": its numbers are about " + shown(survey.scale(f)) +
                   " in size, far from unit scale, and transform \"none\" leaves them so; \"standardize\" or "
                   "\"buckets\" would not"});
  }
  return lines;
}

std::vector<Finding> validation_findings(const ModelConfig& config, const Survey& survey) {
  std::vector<Finding> lines;
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    const Survey::TaskCounts& found = survey.tasks()[t];
    const std::string name = "task " + in_quotes(config.tasks[t].name) + ": ";
    if (found.teaching == 0) {
      lines.push_back(
          {true, name + "no validation row of any weight has a label: no epoch can be judged by it"});
    } else if (found.positives == 0 || found.positives == found.teaching) {
      lines.push_back({true, name + "every label of the validation rows is " +
                                 (found.positives == 0 ? "0" : "1") + ": its AUC is undefined"});
    }
    find_orphans(config, t, survey, "validation", lines);
  }
  return lines;
}

bool asks_for_early_stopping(const Config& config, const std::string& config_json,
                             const std::string& source) {
  return config.train.early_stopping.patience > 0 &&
         names_config_key(config_json, "train.early_stopping.patience", source);
}

}  // namespace dcrnn::train
