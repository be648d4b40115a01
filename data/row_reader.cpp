#include "data/row_reader.hpp"

#include <filesystem>
#include <optional>
#include <utility>

#include "core/failure.hpp"
#include "core/file.hpp"
#include "data/cell.hpp"
#include "data/columns.hpp"
#include "data/csv.hpp"
#include "data/vocabulary.hpp"

namespace dcrnn::data {
namespace {

static_assert(Vocabulary::kNone == kNoGroup);

/// Cuts the batch down to its `rows` and keeps its memory: what a row left that could not be read to its end.
void cut(Batch& batch, const Schema& config) {
  const auto cut_to_rows = [&](auto& values) {
    if (values.size() > batch.rows) values.resize(batch.rows);
  };
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    BatchColumn& column = batch.columns[f];
    const std::size_t values =
        batch.rows * (config.fields[f].type == FieldType::rate ? config.fields[f].width() : 1);
    if (column.values.size() > values) column.values.resize(values);
    cut_to_rows(column.keys);
    if (config.fields[f].type == FieldType::bag) {
      column.offsets.resize(batch.rows + 1);
      column.ids.resize(column.offsets.back());
    } else {
      cut_to_rows(column.ids);
    }
  }
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    cut_to_rows(batch.labels[t]);
    cut_to_rows(batch.targets[t]);
    cut_to_rows(batch.truth[t]);
  }
  cut_to_rows(batch.weights);
  cut_to_rows(batch.groups);
}

}  // namespace

struct RowReader::Impl {
  Impl(const Schema& model, const Encoders& encode, const std::vector<std::string>& files,
       const Options& with)
      : config(model), encoders(encode), paths(files), options(with) {
    if (paths.empty()) fail(ErrorCode::usage, "no data file was named", "name at least one CSV file");
    for (const std::string& path : paths) {
      std::error_code absent;
      const auto status = std::filesystem::status(path, absent);
      const bool pipe = path == "-" || std::filesystem::is_fifo(status) ||
                        std::filesystem::is_other(status) || std::filesystem::is_character_file(status);
      streams = streams || pipe;
      // What cannot be opened is found before the first row is read.
      if (!pipe) bytes_total += InputFile(path).size();
    }
    if (streams) bytes_total = 0;
    open_next();
  }

  /// False: there is no further file. Of several files, those without a byte are passed.
  bool open_next() {
    while (next_path < paths.size()) {
      if (csv) {
        bytes_before += csv->bytes_total();
        digests.push_back(csv->digest());
      }
      csv.emplace(paths[next_path++], config.csv);
      if (csv->empty() && paths.size() > 1) continue;
      const bool first = columns.fields.empty();
      Columns found = find_columns(config, *csv, options.labels, options.soft);
      if (first) {
        truth = !found.truth.empty();
      } else if (truth && found.truth.empty()) {
        for (const Task& task : config.tasks) {
          find_column(*csv, "true_" + task.name, "the files before have it");
        }
      } else if (!truth) {
        found.truth.clear();
      }
      columns = std::move(found);
      if (options.groups) group = find_column(*csv, config.group, "group");
      kept_columns.clear();
      for (const std::string& name : options.keep) kept_columns.push_back(find_column(*csv, name, "to keep"));
      return true;
    }
    return false;
  }

  /// Row `count` of this read(); false at the end of the file.
  bool next_row(Batch& batch, std::size_t count) {
    if (options.skip_bad_rows) {
      counts.clear();
      for (const BatchColumn& column : batch.columns) counts.push_back(column.counts);
    }
    try {
      if (!csv->next()) return false;
      read_row(batch);
    } catch (const BadRow& bad) {
      if (!options.skip_bad_rows) throw;
      csv->skip_row();
      cut(batch, config);
      for (std::size_t f = 0; f < counts.size(); ++f) batch.columns[f].counts = counts[f];
      skipped.push_back({count, bad.error().message});
      return true;
    }
    for (const std::size_t column : kept_columns) {
      kept_text += csv->cell(column);
      kept_ends.push_back(kept_text.size());
    }
    lines.push_back(csv->line());
    ++batch.rows;
    return true;
  }

  void read_row(Batch& batch) {
    const auto check = [this](std::size_t column, const std::string& error, const auto& help) {
      if (!error.empty()) csv->fail_cell(column, error, help());
    };
    for (std::size_t f = 0; f < columns.fields.size(); ++f) {
      for (std::size_t part = 0; part < columns.fields[f].size(); ++part) {
        const std::size_t column = columns.fields[f][part];
        check(column, encoders.encode(f, csv->cell(column), batch.columns[f], part),
              [&] { return field_help(config.fields[f]); });
      }
    }
    for (std::size_t t = 0; t < columns.labels.size(); ++t) {
      const std::size_t column = columns.labels[t];
      check(column, parse_label(config.csv, csv->cell(column), batch.labels[t].emplace_back()),
            [] { return kLabelHelp; });
    }
    for (std::size_t t = 0; t < columns.soft.size(); ++t) {
      if (!columns.soft[t]) continue;
      check(*columns.soft[t],
            parse_target(config.csv, config.tasks[t], csv->cell(*columns.soft[t]), batch.labels[t].back(),
                         batch.targets[t].emplace_back()),
            [] { return kSoftHelp; });
    }
    for (std::size_t t = 0; t < columns.truth.size(); ++t) {
      const std::size_t column = columns.truth[t];
      check(column, parse_truth(csv->cell(column), batch.truth[t].emplace_back()), [] { return kTruthHelp; });
    }
    if (columns.weight) {
      check(*columns.weight, parse_weight(csv->cell(*columns.weight), batch.weights.emplace_back()),
            [] { return kWeightHelp; });
    }
    if (options.groups) {
      const std::string_view cell = csv->cell(group);
      const bool none = cell.empty() || is_among(cell, config.csv.missing);
      batch.groups.push_back(none ? kNoGroup : groups.add(cell));
    }
  }

  Schema config;
  const Encoders& encoders;
  std::vector<std::string> paths;
  Options options;
  bool streams = false;
  std::uint64_t bytes_total = 0, bytes_before = 0;  // of all files, of those before the one at hand

  std::size_t next_path = 0;
  std::vector<std::uint64_t> digests;  // of the files before the one at hand
  std::optional<CsvReader> csv;
  Columns columns;
  bool truth = false;  // the first file has it
  std::size_t group = 0;
  std::vector<std::size_t> kept_columns;
  Vocabulary groups;

  std::vector<CellCounts> counts;  // before the row at hand, where it may be skipped

  // Of the batch's rows.
  std::vector<std::uint64_t> lines;
  std::vector<Skipped> skipped;
  std::string kept_text;
  std::vector<std::size_t> kept_ends;
};

RowReader::RowReader(const Schema& config, const Encoders& encoders, const std::vector<std::string>& paths,
                     const Options& options)
    : impl_(std::make_unique<Impl>(config, encoders, paths, options)) {}
RowReader::~RowReader() = default;
RowReader::RowReader(RowReader&&) noexcept = default;

std::size_t RowReader::read(std::size_t max_rows, Batch& batch) {
  clear_rows(batch, impl_->config);
  impl_->lines.clear();
  impl_->skipped.clear();
  impl_->kept_text.clear();
  impl_->kept_ends.clear();
  std::size_t count = 0;
  do {
    while (count < max_rows && impl_->next_row(batch, count)) ++count;
  } while (count == 0 && impl_->open_next());
  return count;
}

const std::vector<RowReader::Skipped>& RowReader::skipped() const {
  return impl_->skipped;
}
std::string RowReader::place(std::size_t row) const {
  return impl_->csv->name() + ":" + std::to_string(impl_->lines[row]);
}
std::string_view RowReader::kept(std::size_t row, std::size_t column) const {
  const std::size_t cell = row * impl_->kept_columns.size() + column;
  const std::size_t begin = cell == 0 ? 0 : impl_->kept_ends[cell - 1];
  return std::string_view(impl_->kept_text).substr(begin, impl_->kept_ends[cell] - begin);
}
std::size_t RowReader::file() const {
  return impl_->next_path - 1;
}
bool RowReader::streams() const {
  return impl_->streams;
}
std::uint64_t RowReader::bytes_done() const {
  return impl_->bytes_before + impl_->csv->bytes_done();
}
std::uint64_t RowReader::bytes_total() const {
  return impl_->bytes_total;
}
std::vector<std::uint64_t> RowReader::digests() const {
  std::vector<std::uint64_t> all = impl_->digests;
  all.push_back(impl_->csv->digest());
  return all;
}

}  // namespace dcrnn::data
