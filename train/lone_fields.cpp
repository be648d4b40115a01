#include "train/lone_fields.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/threads.hpp"
#include "train/metrics.hpp"

namespace dcrnn::train {

namespace {

constexpr std::size_t kParts = 64;  // of the range of numbers

/// Which half of the rows a row belongs to; no pattern in the file follows it.
std::size_t half(std::size_t row) {
  return (row * 0x9E3779B97F4A7C15) >> 63;
}

/// A field as values 0 .. count - 1 per row; of a bag several, or the last value where it is empty.
struct Values {
  std::vector<std::uint32_t> items;
  std::vector<std::uint32_t> offsets;  ///< [B + 1], of a bag
  std::size_t count = 0;

  std::size_t begin(std::size_t row) const { return offsets.empty() ? row : offsets[row]; }
  std::size_t end(std::size_t row) const { return offsets.empty() ? row + 1 : offsets[row + 1]; }
};

Values values_of_ids(const BatchColumn& column) {
  std::vector<std::uint32_t> distinct(column.ids);
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  Values values;
  values.count = distinct.size() + 1;
  const auto number = [&](std::uint32_t id) {
    return static_cast<std::uint32_t>(std::lower_bound(distinct.begin(), distinct.end(), id) -
                                      distinct.begin());
  };
  if (column.offsets.empty()) {
    for (const std::uint32_t id : column.ids) values.items.push_back(number(id));
    return values;
  }
  values.offsets = {0};
  for (std::size_t b = 0; b + 1 < column.offsets.size(); ++b) {
    const std::size_t begin = column.offsets[b], end = column.offsets[b + 1];
    for (std::size_t i = begin; i < end; ++i) values.items.push_back(number(column.ids[i]));
    if (begin == end) values.items.push_back(static_cast<std::uint32_t>(distinct.size()));
    values.offsets.push_back(static_cast<std::uint32_t>(values.items.size()));
  }
  return values;
}

/// Per row the place of its number among the distinct ones.
std::vector<std::uint32_t> ranks_of(const std::vector<double>& numbers) {
  std::vector<double> distinct(numbers);
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<std::uint32_t> ranks;
  for (const double x : numbers) {
    ranks.push_back(
        static_cast<std::uint32_t>(std::lower_bound(distinct.begin(), distinct.end(), x) - distinct.begin()));
  }
  return ranks;
}

/// Parts of the range with about equally many rows; a number that many rows share has one for itself.
Values values_of_ranks(const std::vector<std::uint32_t>& ranks) {
  std::vector<std::size_t> times;
  for (const std::uint32_t rank : ranks) {
    if (rank >= times.size()) times.resize(rank + std::size_t{1});
    ++times[rank];
  }
  const std::size_t full = std::max<std::size_t>(1, ranks.size() / kParts);
  std::vector<std::uint32_t> part(times.size());
  std::uint32_t number = 0;
  std::size_t rows = 0;
  for (std::size_t rank = 0; rank < times.size(); ++rank) {
    if (rows > 0 && (rows >= full || times[rank] >= full)) {
      ++number;
      rows = 0;
    }
    part[rank] = number;
    rows += times[rank];
  }
  Values values;
  values.count = number + std::size_t{1};
  for (const std::uint32_t rank : ranks) values.items.push_back(part[rank]);
  return values;
}

/// The labelled rows of a task, and the share of ones among them.
struct Labels {
  std::vector<std::size_t> rows;
  std::vector<bool> ones;  ///< one per row
  double share = 0;
};

std::optional<Labels> labels_of(const Batch& batch, std::size_t task) {
  Labels labels;
  std::size_t ones = 0;
  for (std::size_t b = 0; b < batch.rows; ++b) {
    const std::int8_t label = batch.labels[task][b];
    if (label == kMissingLabel || (!batch.weights.empty() && batch.weights[b] <= 0)) continue;
    labels.rows.push_back(b);
    labels.ones.push_back(label == 1);
    ones += label == 1 ? 1 : 0;
  }
  if (ones < kLeakRows || labels.rows.size() - ones < kLeakRows) return std::nullopt;
  labels.share = static_cast<double>(ones) / static_cast<double>(labels.rows.size());
  return labels;
}

double auc_by_shares(const Values& values, const Labels& labels) {
  struct Count {
    double ones = 0, rows = 0;
  };
  std::array<std::vector<Count>, 2> halves;
  for (auto& counts : halves) counts.resize(values.count);
  for (std::size_t i = 0; i < labels.rows.size(); ++i) {
    const std::size_t row = labels.rows[i];
    for (std::size_t item = values.begin(row); item < values.end(row); ++item) {
      Count& count = halves[half(row)][values.items[item]];
      count.ones += labels.ones[i] ? 1 : 0;
      count.rows += 1;
    }
  }
  const auto log_odds = [](double p) { return std::log(p) - std::log1p(-p); };
  BinaryMetrics metrics;
  for (std::size_t i = 0; i < labels.rows.size(); ++i) {
    const std::size_t row = labels.rows[i];
    double score = 0;
    for (std::size_t item = values.begin(row); item < values.end(row); ++item) {
      const Count& other = halves[1 - half(row)][values.items[item]];
      score += log_odds((other.ones + labels.share) / (other.rows + 1)) - log_odds(labels.share);
    }
    metrics.add(static_cast<float>(score), labels.ones[i], 1);
  }
  return metrics.auc().value_or(0.5);
}

double auc_by_ranks(const std::vector<std::uint32_t>& ranks, const Labels& labels) {
  BinaryMetrics metrics;
  for (std::size_t i = 0; i < labels.rows.size(); ++i) {
    metrics.add(static_cast<float>(ranks[labels.rows[i]]), labels.ones[i], 1);
  }
  const double auc = metrics.auc().value_or(0.5);
  return std::max(auc, 1 - auc);
}

}  // namespace

std::vector<std::vector<std::optional<double>>> lone_field_aucs(const Schema& config, const Batch& rows,
                                                                int threads) {
  const std::size_t F = config.fields.size(), T = config.tasks.size();
  std::vector<std::optional<Labels>> labels;
  for (std::size_t t = 0; t < T; ++t) labels.push_back(labels_of(rows, t));
  std::vector<std::vector<std::optional<double>>> aucs(F, std::vector<std::optional<double>>(T));
  parallel_for(threads, F, [&](std::size_t f, int) {
    if (config.fields[f].type == FieldType::rate) return;  // made of labels, and of several numbers
    const bool table = config.fields[f].has_table();
    const std::vector<std::uint32_t> ranks =
        table ? std::vector<std::uint32_t>() : ranks_of(rows.columns[f].values);
    const Values values = table ? values_of_ids(rows.columns[f]) : values_of_ranks(ranks);
    for (std::size_t t = 0; t < T; ++t) {
      if (!labels[t]) continue;
      double auc = auc_by_shares(values, *labels[t]);
      if (!table) auc = std::max(auc, auc_by_ranks(ranks, *labels[t]));
      aucs[f][t] = auc;
    }
  });
  return aucs;
}

}  // namespace dcrnn::train
