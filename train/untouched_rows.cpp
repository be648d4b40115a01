#include "train/untouched_rows.hpp"

#include <algorithm>

#include "core/threads.hpp"

namespace dcrnn::train {

UntouchedRows::UntouchedRows(const Schema& config, const model::ParameterTable& table, const Survey& survey,
                             std::span<const float> fresh, std::span<const float> start)
    : survey_(survey) {
  for (const model::LookupTable& lookup : table.lookups()) {
    const auto at = [&](const model::Parameter& parameter) { return parameter.offset == lookup.offset; };
    // What starts at 0 says nothing until it is touched.
    if (std::find_if(table.all().begin(), table.all().end(), at)->init == model::Init::zeros) continue;
    Table& place = tables_.emplace_back();
    place.lookup = lookup;
    place.mean.resize(lookup.width);
    if (!start.empty()) place.taught_before = differing_rows(lookup, fresh, start);
    const Field& field = config.fields[lookup.field];
    if (!field.has_vocabulary()) continue;
    const std::span<const float> unknown = fresh.subspan(lookup.offset, lookup.width);
    place.fresh_unknown.assign(unknown.begin(), unknown.end());
  }
}

std::vector<bool> UntouchedRows::differing_rows(const model::LookupTable& lookup,
                                                std::span<const float> fresh, std::span<const float> start) {
  std::vector<bool> differ(lookup.rows);
  for (std::size_t row = 0; row < lookup.rows; ++row) {
    const std::size_t at = lookup.offset + row * lookup.width;
    differ[row] = !std::equal(fresh.data() + at, fresh.data() + at + lookup.width, start.data() + at);
  }
  return differ;
}

void UntouchedRows::fill(std::span<float> parameters, int threads) {
  parallel_for(threads, tables_.size(), [&](std::size_t i, int) { fill_table(tables_[i], parameters); });
}

void UntouchedRows::fill_table(Table& table, std::span<float> parameters) const {
  const std::size_t field = table.lookup.field, rows = table.lookup.rows, width = table.lookup.width;
  float* const values = parameters.data() + table.lookup.offset;
  std::fill(table.mean.begin(), table.mean.end(), 0.0);
  double occurrences = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto times = static_cast<double>(survey_.occurrences(field, row));
    if (times == 0) continue;
    occurrences += times;
    for (std::size_t i = 0; i < width; ++i)
      table.mean[i] += times * static_cast<double>(values[row * width + i]);
  }
  for (double& mean : table.mean) mean = occurrences > 0 ? mean / occurrences : 0;
  table.unknown_replaced = false;
  for (std::size_t row = 0; row < rows; ++row) {
    if (survey_.occurrences(field, row) > 0) continue;
    if (!table.taught_before.empty() && table.taught_before[row]) continue;
    float* const to = values + row * width;
    if (row == 0 && !table.fresh_unknown.empty()) {
      // train.unknown_rate touches it where the data does not.
      if (!std::equal(table.fresh_unknown.begin(), table.fresh_unknown.end(), to)) continue;
      table.unknown_replaced = true;
    }
    std::transform(table.mean.begin(), table.mean.end(), to,
                   [](double mean) { return static_cast<float>(mean); });
  }
}

void UntouchedRows::restore(std::span<float> parameters) const {
  for (const Table& table : tables_) {
    if (!table.unknown_replaced) continue;
    std::copy(table.fresh_unknown.begin(), table.fresh_unknown.end(),
              parameters.data() + table.lookup.offset);
  }
}

}  // namespace dcrnn::train
