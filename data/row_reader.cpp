#include "data/row_reader.hpp"

#include "data/columns.hpp"
#include "data/csv.hpp"

namespace dcrnn::data {
namespace {

constexpr const char* kCellHelp = "mend the cell, or change how the config reads the column";

/// Empties the batch but keeps its memory.
void clear(Batch& batch, const Schema& config) {
  batch.rows = 0;
  batch.columns.resize(config.fields.size());
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    BatchColumn& column = batch.columns[f];
    column.ids.clear();
    column.values.clear();
    column.offsets.clear();
    column.counts = {};
    if (config.fields[f].type == FieldType::bag) column.offsets.push_back(0);
  }
  batch.labels.resize(config.tasks.size());
  batch.truth.resize(config.tasks.size());
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    batch.labels[t].clear();
    batch.truth[t].clear();
  }
  batch.weights.clear();
}

}  // namespace

struct RowReader::Impl {
  Impl(const Schema& model, const Encoders& encode, const std::string& path, Labels labels)
      : config(model), encoders(encode), csv(path), columns(find_columns(model, csv, labels)) {}

  /// Parses cell `column` with `parse` and appends it to `to`.
  template <class T>
  void append(std::size_t column, std::string (*parse)(std::string_view, T&), std::vector<T>& to) {
    T value{};
    if (std::string error = parse(csv.cell(column), value); !error.empty()) {
      csv.fail_cell(column, error, kCellHelp);
    }
    to.push_back(value);
  }

  void read_row(Batch& batch) {
    for (std::size_t f = 0; f < columns.fields.size(); ++f) {
      const std::size_t column = columns.fields[f];
      if (std::string error = encoders.encode(f, csv.cell(column), batch.columns[f]); !error.empty()) {
        csv.fail_cell(column, error, kCellHelp);
      }
    }
    for (std::size_t t = 0; t < columns.labels.size(); ++t) {
      append(columns.labels[t], parse_label, batch.labels[t]);
    }
    for (std::size_t t = 0; t < columns.truth.size(); ++t) {
      append(columns.truth[t], parse_truth, batch.truth[t]);
    }
    if (columns.weight) append(*columns.weight, parse_weight, batch.weights);
  }

  Schema config;
  const Encoders& encoders;
  CsvReader csv;
  Columns columns;
  std::vector<std::uint64_t> lines;  // of the batch's rows
};

RowReader::RowReader(const Schema& config, const Encoders& encoders, const std::string& path, Labels labels)
    : impl_(std::make_unique<Impl>(config, encoders, path, labels)) {}
RowReader::~RowReader() = default;
RowReader::RowReader(RowReader&&) noexcept = default;

std::size_t RowReader::read(std::size_t max_rows, Batch& batch) {
  clear(batch, impl_->config);
  impl_->lines.clear();
  while (batch.rows < max_rows && impl_->csv.next()) {
    impl_->read_row(batch);
    impl_->lines.push_back(impl_->csv.line());
    ++batch.rows;
  }
  return batch.rows;
}

std::uint64_t RowReader::line(std::size_t row) const {
  return impl_->lines[row];
}
std::uint64_t RowReader::bytes_done() const {
  return impl_->csv.bytes_done();
}
std::uint64_t RowReader::bytes_total() const {
  return impl_->csv.bytes_total();
}
std::uint64_t RowReader::digest() const {
  return impl_->csv.digest();
}

}  // namespace dcrnn::data
