#include "train/row_sample.hpp"

#include <algorithm>
#include <limits>

#include "core/failure.hpp"

namespace dcrnn::train {

namespace {

/// Which row of run `run` is drawn.
std::uint64_t drawn(std::uint64_t run, std::uint64_t length) {
  return (run * 0x9E3779B97F4A7C15 >> 20) % length;
}

}  // namespace

RowSample::RowSample(const Schema& config, std::uint64_t rows)
    : config_(config), run_(std::max<std::uint64_t>(1, (rows + kMostRows - 1) / kMostRows)) {
  clear_rows(rows_, config_);
}

void RowSample::append(const Batch& from, std::size_t b, Batch& to) const {
  for (std::size_t f = 0; f < config_.fields.size(); ++f) {
    const BatchColumn& source = from.columns[f];
    BatchColumn& column = to.columns[f];
    if (!source.values.empty()) {
      const double* const values = source.values.data() + b * config_.fields[f].width();
      column.values.insert(column.values.end(), values, values + config_.fields[f].width());
    } else if (source.offsets.empty()) {
      column.ids.push_back(source.ids[b]);
    } else {
      const std::size_t begin = source.offsets[b], end = source.offsets[b + 1];
      if (end - begin > std::numeric_limits<std::uint32_t>::max() - column.ids.size()) {
        fail(ErrorCode::memory, "a sample of the rows holds more than 4294967295 items of bags",
             "make the bags smaller");
      }
      column.ids.insert(column.ids.end(), source.ids.data() + begin, source.ids.data() + end);
      column.offsets.push_back(static_cast<std::uint32_t>(column.ids.size()));
    }
  }
  for (std::size_t t = 0; t < to.labels.size(); ++t) to.labels[t].push_back(from.labels[t][b]);
  if (!from.weights.empty()) to.weights.push_back(from.weights[b]);
  ++to.rows;
}

void RowSample::add(const Batch& batch) {
  for (std::size_t b = 0; b < batch.rows; ++b, ++seen_) {
    if (seen_ % run_ == drawn(seen_ / run_, run_)) append(batch, b, rows_);
  }
}

void RowSample::read(const std::size_t* index, std::size_t count, Batch& batch) {
  clear_rows(batch, config_);
  for (std::size_t i = 0; i < count; ++i) append(rows_, index[i], batch);
}

}  // namespace dcrnn::train
