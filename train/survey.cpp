#include "train/survey.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace dcrnn::train {

namespace {

constexpr std::size_t kBatchRows = 1024;

}  // namespace

Survey::Survey(const Schema& config, std::span<const std::size_t> table_rows)
    : config_(config), tasks_(config.tasks.size()), square_sums_(config.fields.size()) {
  for (const std::size_t rows : table_rows)
    tables_.push_back({std::vector<std::uint64_t>(rows), std::vector<bool>(rows)});
}

void Survey::add(const Batch& batch) {
  teaches_.assign(batch.rows, false);
  for (std::size_t t = 0; t < tasks_.size(); ++t) {
    const Task& config = config_.tasks[t];
    TaskCounts& task = tasks_[t];
    for (std::size_t b = 0; b < batch.rows; ++b) {
      const std::int8_t label = batch.labels[t][b];
      if (label == kMissingLabel) continue;
      ++task.labelled;
      if (label == 1) ++task.ones;
      if (label == 1 && config.parent != kNoParent && batch.labels[config.parent][b] == 0) ++task.orphans;
      if (!batch.weights.empty() && batch.weights[b] <= 0) continue;
      ++task.teaching;
      if (label == 1) ++task.positives;
      if (config.weight > 0) teaches_[b] = true;
    }
  }
  for (std::size_t f = 0; f < tables_.size(); ++f) {
    const BatchColumn& column = batch.columns[f];
    for (const double x : column.values) square_sums_[f] += x * x;
    Table& table = tables_[f];
    if (table.taught.empty()) continue;
    const bool bag = config_.fields[f].type == FieldType::bag;
    for (std::size_t b = 0; b < batch.rows; ++b) {
      const std::size_t begin = bag ? column.offsets[b] : b, end = bag ? column.offsets[b + 1] : b + 1;
      for (std::size_t i = begin; i < end; ++i) {
        ++table.occurrences[column.ids[i]];
        if (teaches_[b]) table.taught[column.ids[i]] = true;
      }
    }
  }
  rows_ += batch.rows;
}

bool Survey::add_all(BatchSource& source, const std::function<bool()>& go_on) {
  Batch batch;
  std::vector<std::size_t> index(kBatchRows);
  for (std::size_t first = 0; first < source.rows(); first += kBatchRows) {
    index.resize(std::min(kBatchRows, source.rows() - first));
    std::iota(index.begin(), index.end(), first);
    source.read(index.data(), index.size(), batch);
    add(batch);
    if (!go_on()) return false;
  }
  return true;
}

double Survey::scale(std::size_t field) const {
  return rows_ == 0 ? 0 : std::sqrt(square_sums_[field] / static_cast<double>(rows_));
}

}  // namespace dcrnn::train
