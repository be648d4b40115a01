#include "data/dataset_builder.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "core/failure.hpp"

namespace dcrnn::data {
namespace {

constexpr std::uint64_t kRowsPerReport = 1024;
constexpr std::size_t kBatchRows = 1024;

}  // namespace

DatasetBuilder::DatasetBuilder(const Schema& config, const std::string& scratch, const Encoders* known,
                               const LeftOut& left_out)
    : config_(config),
      left_out_(left_out),
      layout_(config, RecordLayout::Stage::raw),
      keys_(config),
      scratch_(scratch, OutputFile::Target::scratch),
      record_(layout_.size) {
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    fits_.emplace_back(config.fields[f], known == nullptr ? nullptr : known->fields_[f].get());
  }
  for (const Field& column : keys_.columns) key_fits_.emplace_back(column);
  raw_keys_.resize(keys_.columns.size());
  labels_.resize(config.tasks.size());
}

std::uint64_t DatasetBuilder::parse(const std::string& path, ProgressMeter& progress) {
  CsvReader csv(path, config_.csv);
  if (name_.empty()) name_ = csv.name();
  if (csv.empty()) {
    progress.file_finished(csv.bytes_total());
    return csv.digest();
  }
  const Columns columns = find_columns(config_, csv, RowReader::Labels::required, true);
  while (csv.next()) {
    if (!left_out_.takes(passed_++)) continue;
    parse_row(csv, columns);
    if (++rows_ % kRowsPerReport == 0) progress.at(csv.bytes_done());
  }
  file_ends_.push_back(rows_);
  progress.file_finished(csv.bytes_total());
  return csv.digest();
}

void DatasetBuilder::parse_row(const CsvReader& csv, const Columns& columns) {
  items_.clear();
  const auto check = [&](std::size_t f, std::size_t column, const std::string& error) {
    if (!error.empty()) csv.fail_cell(column, error, field_help(config_.fields[f]));
  };
  for (std::size_t f = 0; f < columns.fields.size(); ++f) {
    if (config_.fields[f].type == FieldType::rate) continue;
    const std::size_t column = columns.fields[f][0];
    check(f, column, parse_field(f, csv.cell(column)));
  }
  for (std::size_t k = 0; k < keys_.columns.size(); ++k) {
    const auto [f, part] = keys_.first[k];
    const std::size_t column = columns.fields[f][part];
    check(f, column, parse_key(k, csv.cell(column)));
  }
  for (std::size_t t = 0; t < columns.labels.size(); ++t) {
    std::int8_t label;
    if (std::string error = parse_label(config_.csv, csv.cell(columns.labels[t]), label); !error.empty()) {
      csv.fail_cell(columns.labels[t], error, kLabelHelp);
    }
    store(record_.data() + layout_.labels + t, label);
  }
  for (std::size_t i = 0; i < layout_.soft.size(); ++i) {
    const std::size_t t = layout_.soft[i], column = *columns.soft[t];
    double target;
    if (std::string error = parse_target(config_.csv, config_.tasks[t], csv.cell(column),
                                         load<std::int8_t>(record_.data() + layout_.labels + t), target);
        !error.empty()) {
      csv.fail_cell(column, error, kSoftHelp);
    }
    store(record_.data() + layout_.targets + i * sizeof(double), target);
  }
  if (columns.weight) {
    double weight;
    if (std::string error = parse_weight(csv.cell(*columns.weight), weight); !error.empty()) {
      csv.fail_cell(*columns.weight, error, kWeightHelp);
    }
    store(record_.data() + layout_.weight, weight);
  }
  scratch_.write({reinterpret_cast<const char*>(record_.data()), record_.size()});
  if (!items_.empty()) {
    scratch_.write({reinterpret_cast<const char*>(items_.data()), items_.size() * sizeof(items_[0])});
    item_count_ += items_.size();
  }
}

std::string DatasetBuilder::parse_field(std::size_t f, std::string_view cell) {
  const std::size_t first = items_.size();
  double number = 0;
  std::string error = fits_[f].add(cell, number, items_);
  if (!error.empty()) return error;
  std::byte* const at = record_.data() + layout_.fields[f].offset;
  switch (layout_.fields[f].kind) {
    case RecordLayout::Kind::value:
      store(at, number);
      break;
    case RecordLayout::Kind::row:
      store(at, items_.back());
      items_.pop_back();
      break;
    case RecordLayout::Kind::bag:
      store(at, BagSlot{item_count_ + first, items_.size() - first});
      break;
  }
  return {};
}

std::string DatasetBuilder::parse_key(std::size_t k, std::string_view cell) {
  std::uint64_t raw = 0;
  std::string error;
  if (keys_.columns[k].has_words()) {
    error = raw_key(keys_.columns[k], cell, raw);
  } else {
    double number = 0;
    error = key_fits_[k].add(cell, number, items_);  // a number adds no items
    raw = std::bit_cast<std::uint64_t>(number);
  }
  store(record_.data() + layout_.keys + k * sizeof raw, raw);
  return error;
}

/// Calls use(record, items) for every raw row.
template <class Use>
void DatasetBuilder::for_each_row(ProgressMeter& progress, Use&& use) {
  const std::byte* at = raw_.bytes().data();
  for (std::uint64_t row = 0; row < rows_; ++row) {
    if (row % (64 * kRowsPerReport) == 0) progress.report_again();
    const std::byte* const record = at;
    at += layout_.size;
    const std::byte* const items = at;
    for (const RecordLayout::Slot& slot : layout_.fields) {
      if (slot.kind != RecordLayout::Kind::bag) continue;
      at += load<BagSlot>(record + slot.offset).count * sizeof(std::uint32_t);
    }
    use(record, items);
  }
}

Encoders DatasetBuilder::make_encoders(ProgressMeter& progress) {
  raw_ = scratch_.written();
  for (FieldFit& fit : fits_) fit.fix(name_);
  find_edges(progress);
  fit_rates(progress);
  std::vector<std::unique_ptr<FieldState>> fields;
  for (FieldFit& fit : fits_) fields.push_back(fit.take());
  rates_->give_to(fields);
  return Encoders(std::move(fields), rates_->fingerprints());
}

void DatasetBuilder::fit_rates(ProgressMeter& progress) {
  rates_.emplace(config_, keys_, fits_, key_fits_);
  if (rates_->empty()) return;
  std::size_t file = 0;
  std::uint64_t row = 0;
  for_each_row(progress, [&](const std::byte* record, const std::byte*) {
    load_targets(record);
    rates_->count(raw_keys_.data(), labels_.data(), weight_);
    for (++row; file < file_ends_.size() && file_ends_[file] == row; ++file) rates_->end_source();
  });
  rates_->fix_priors(name_);
  for_each_row(progress, [&](const std::byte* record, const std::byte*) {
    load_targets(record);
    rates_->measure(raw_keys_.data(), labels_.data(), weight_);
  });
  rates_->fix_statistics();
}

/// What rate fields see of a raw row.
void DatasetBuilder::load_targets(const std::byte* record) {
  std::memcpy(raw_keys_.data(), record + layout_.keys, raw_keys_.size() * sizeof(std::uint64_t));
  std::memcpy(labels_.data(), record + layout_.labels, labels_.size());
  if (layout_.has_weight) weight_ = load<double>(record + layout_.weight);
}

void DatasetBuilder::find_edges(ProgressMeter& progress) {
  struct Open {
    FieldFit* fit;
    std::size_t offset;  // of its number in a record
  };
  std::vector<Open> open;  // whose edges are not known yet
  for (std::size_t f = 0; f < fits_.size(); ++f) {
    if (fits_[f].seeks_edges()) open.push_back({&fits_[f], layout_.fields[f].offset});
  }
  for (std::size_t k = 0; k < key_fits_.size(); ++k) {
    if (key_fits_[k].state().has_edges()) open.push_back({&key_fits_[k], layout_.keys + k * sizeof(double)});
  }
  const auto end_pass = [&] { std::erase_if(open, [](const Open& one) { return !one.fit->end_pass(); }); };
  end_pass();  // the one of parse()
  while (!open.empty()) {
    for_each_row(progress, [&](const std::byte* record, const std::byte*) {
      for (const Open& one : open) one.fit->add_again(load<double>(record + one.offset));
    });
    end_pass();
  }
}

std::vector<FieldProfile> DatasetBuilder::profiles() const {
  std::vector<FieldProfile> profiles;
  for (const FieldFit& fit : fits_) profiles.push_back(fit.profile());
  return profiles;
}

void DatasetBuilder::for_each_batch(const Encoders& encoders, ProgressMeter& progress,
                                    const std::function<void(const Batch&)>& use) {
  clear_rows(batch_, config_);
  rates_->restart();
  for_each_row(progress, [&](const std::byte* record, const std::byte* items) {
    add_to_batch(encoders, record, items);
    if (batch_.rows < kBatchRows) return;
    use(batch_);
    clear_rows(batch_, config_);
  });
  if (batch_.rows > 0) use(batch_);
}

void DatasetBuilder::add_to_batch(const Encoders& encoders, const std::byte* record, const std::byte* items) {
  for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
    const FieldState& state = *encoders.fields_[f];
    const FieldFit& fit = fits_[f];
    const std::byte* const raw = record + layout_.fields[f].offset;
    BatchColumn& column = batch_.columns[f];
    if (state.rate) continue;
    if (state.field.type == FieldType::category) {
      column.ids.push_back(fit.final_row(load<std::uint32_t>(raw)));
    } else if (state.has_edges()) {
      column.ids.push_back(state.bucket(load<double>(raw)));
    } else if (state.field.type == FieldType::number) {
      column.values.push_back(state.transformed(load<double>(raw)));
    } else {
      for (std::uint64_t i = 0; i < load<BagSlot>(raw).count; ++i, items += sizeof(std::uint32_t)) {
        column.ids.push_back(fit.final_row(load<std::uint32_t>(items)));
      }
      if (column.ids.size() > std::numeric_limits<std::uint32_t>::max()) {
        fail(ErrorCode::memory, "a batch holds more than 4294967295 items of bags", "split the bags");
      }
      column.offsets.push_back(static_cast<std::uint32_t>(column.ids.size()));
    }
  }
  if (!rates_->empty()) {
    load_targets(record);
    rates_->encode(raw_keys_.data(), labels_.data(), weight_, batch_.columns);
  }
  for (std::size_t t = 0; t < config_.tasks.size(); ++t) {
    batch_.labels[t].push_back(load<std::int8_t>(record + layout_.labels + t));
  }
  for (std::size_t i = 0; i < layout_.soft.size(); ++i) {
    batch_.targets[layout_.soft[i]].push_back(load<double>(record + layout_.targets + i * sizeof(double)));
  }
  if (layout_.has_weight) batch_.weights.push_back(load<double>(record + layout_.weight));
  ++batch_.rows;
}

}  // namespace dcrnn::data
