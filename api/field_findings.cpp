#include "api/field_findings.hpp"

#include <charconv>

#include "core/text.hpp"
#include "train/lone_fields.hpp"

namespace dcrnn::api {

namespace {

/// Fewer values say nothing about how often each comes.
constexpr std::uint64_t kFewestValues = 100;

std::string of_field(const Field& field) {
  return "field " + in_quotes(field.name) + ": ";
}

}  // namespace

std::vector<train::Finding> field_findings(const Schema& config,
                                           const std::vector<data::FieldProfile>& profiles) {
  std::vector<train::Finding> lines;
  for (std::size_t f = 0; f < profiles.size(); ++f) {
    const Field& field = config.fields[f];
    const data::FieldProfile& found = profiles[f];
    if (field.type == FieldType::rate) continue;
    const bool vocabulary = field.has_vocabulary();
    if (found.counts.empty == found.counts.cells) {
      lines.push_back({true, of_field(field) + "every cell of the training rows is empty"});
    } else if (vocabulary && found.rare == found.counts.values) {
      lines.push_back({true, of_field(field) + "no value occurs min_count, " +
                                 std::to_string(field.min_count) + ", times: all are unknown"});
    } else if (vocabulary && found.counts.values >= kFewestValues && found.distinct == found.counts.values) {
      lines.push_back({false, of_field(field) + "no value occurs twice: nothing can be learnt from it"});
    } else if (vocabulary && found.distinct == 1 && found.counts.empty == 0) {
      lines.push_back({false, of_field(field) + "every cell holds the same value"});
    }
  }
  return lines;
}

std::vector<train::Finding> leak_findings(const Schema& config,
                                          const std::vector<std::vector<std::optional<double>>>& aucs) {
  std::vector<train::Finding> lines;
  for (std::size_t f = 0; f < aucs.size(); ++f) {
    for (std::size_t t = 0; t < aucs[f].size(); ++t) {
      if (!aucs[f][t] || !(*aucs[f][t] > train::kLeakAuc)) continue;
      char digits[32];
      char* const end =
          std::to_chars(digits, digits + sizeof digits, *aucs[f][t], std::chars_format::fixed, 4).ptr;
      const std::string auc(digits, end);
      lines.push_back({true, of_field(config.fields[f]) + "alone it predicts task " +
                                 in_quotes(config.tasks[t].name) + " with an AUC of " + auc +
                                 ": is it known before the label is?"});
    }
  }
  return lines;
}

}  // namespace dcrnn::api
