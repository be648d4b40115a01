#include "data/dataset_builder.hpp"

#include <cmath>

#include "core/failure.hpp"
#include "core/text.hpp"
#include "data/field_state.hpp"

namespace dcrnn::data {
namespace {

constexpr std::uint64_t kRowsPerReport = 1024;
constexpr const char* kNoRowHelp = "give a file with at least one row of data";
constexpr const char* kCellHelp = "mend the cell, or change how the config reads the column";

}  // namespace

DatasetBuilder::DatasetBuilder(const Schema& config, const std::string& scratch)
    : config_(config),
      layout_(config, RecordLayout::Stage::raw),
      scratch_(scratch, OutputFile::Target::scratch),
      record_(layout_.size) {
  for (const Field& field : config.fields) {
    auto state = std::make_unique<FieldState>();
    state->field = field;
    gathered_.emplace_back();
    if (state->has_edges()) gathered_.back().quantiles.emplace(field.bins);
    encoders_.fields_.push_back(std::move(state));
  }
}

void DatasetBuilder::parse(const std::string& path, ProgressMeter& progress) {
  CsvReader csv(path);
  if (name_.empty()) name_ = csv.name();
  const Columns columns = find_columns(config_, csv, RowReader::Labels::required);
  const std::uint64_t before = rows_;
  while (csv.next()) {
    parse_row(csv, columns);
    if (++rows_ % kRowsPerReport == 0) progress.at(csv.bytes_done());
  }
  if (rows_ == before) csv.fail_header("there is no row after the header", kNoRowHelp);
  progress.file_finished(csv.bytes_total());
}

void DatasetBuilder::parse_row(const CsvReader& csv, const Columns& columns) {
  items_.clear();
  for (std::size_t f = 0; f < columns.fields.size(); ++f) {
    const std::size_t column = columns.fields[f];
    if (std::string error = parse_field(f, csv.cell(column)); !error.empty()) {
      csv.fail_cell(column, error, kCellHelp);
    }
  }
  for (std::size_t t = 0; t < columns.labels.size(); ++t) {
    std::int8_t label;
    if (std::string error = parse_label(csv.cell(columns.labels[t]), label); !error.empty()) {
      csv.fail_cell(columns.labels[t], error, kCellHelp);
    }
    store(record_.data() + layout_.labels + t, label);
  }
  if (columns.weight) {
    double weight;
    if (std::string error = parse_weight(csv.cell(*columns.weight), weight); !error.empty()) {
      csv.fail_cell(*columns.weight, error, kCellHelp);
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
  const FieldState& state = *encoders_.fields_[f];
  std::byte* const at = record_.data() + layout_.fields[f].offset;
  if (state.field.type == FieldType::number) {
    double raw;
    if (std::string error = raw_number(state.field, cell, raw); !error.empty()) return error;
    if (state.field.transform == Transform::none && !std::isfinite(static_cast<float>(raw))) {
      return in_quotes(cell) + " is more than a float can hold";
    }
    if (!std::isnan(raw)) {
      if (state.has_statistics()) gathered_[f].moments.add(raw);
      if (state.has_edges()) gathered_[f].quantiles->add(raw);
    }
    store(at, raw);
    return {};
  }
  if (state.field.type == FieldType::category) {
    std::uint32_t row = 0;
    std::string error = parse_word(f, cell, row);
    store(at, row);
    return error;
  }
  BagSlot bag{item_count_ + items_.size(), 0};
  std::string error = for_each_item(state.field, cell, [&](std::string_view item) {
    items_.push_back(0);
    ++bag.count;
    return parse_word(f, item, items_.back());
  });
  store(at, bag);
  return error;
}

/// The row of a word as far as it is known: for a vocabulary 1 + the word's number among all seen.
std::string DatasetBuilder::parse_word(std::size_t f, std::string_view word, std::uint32_t& row) {
  const FieldState& state = *encoders_.fields_[f];
  if (!state.has_vocabulary()) return fixed_row(state.field, word, row);
  if (word.empty()) {  // unknown
    row = 0;
    return {};
  }
  Gathered& gathered = gathered_[f];
  const std::uint32_t number = gathered.words.add(word);
  if (number == gathered.counts.size()) gathered.counts.push_back(0);
  ++gathered.counts[number];
  row = number + 1;
  return {};
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
  for (std::size_t f = 0; f < gathered_.size(); ++f) {
    FieldState& state = *encoders_.fields_[f];
    Gathered& gathered = gathered_[f];
    if (state.has_vocabulary()) {
      gathered.rows.push_back(0);  // of no word
      for (std::uint32_t i = 0; i < gathered.counts.size(); ++i) {
        const bool kept = gathered.counts[i] >= state.field.min_count;
        gathered.rows.push_back(kept ? state.vocabulary.add(gathered.words.word(i)) + 1 : 0);
      }
      gathered.words = {};
    }
    if (state.has_statistics()) {
      const double mean = gathered.moments.mean();
      const double deviation = gathered.moments.deviation();
      if (!std::isfinite(mean) || !std::isfinite(deviation)) {
        fail(ErrorCode::data,
             name_ + ": column " + in_quotes(state.field.column) +
                 ": its numbers are too large to be standardized",
             "scale the numbers down, or use transform \"buckets\"");
      }
      state.statistics = {mean, deviation > 0 ? deviation : 1.0};
    }
  }
  find_edges(progress);
  return std::move(encoders_);
}

void DatasetBuilder::find_edges(ProgressMeter& progress) {
  std::vector<std::size_t> open;  // fields whose edges are not known yet
  for (std::size_t f = 0; f < gathered_.size(); ++f) {
    if (encoders_.fields_[f]->has_edges()) open.push_back(f);
  }
  const auto end_pass = [&] {
    std::erase_if(open, [&](std::size_t f) {
      if (gathered_[f].quantiles->end_pass()) return false;
      encoders_.fields_[f]->edges = gathered_[f].quantiles->edges();
      return true;
    });
  };
  end_pass();  // the one of parse()
  while (!open.empty()) {
    for_each_row(progress, [&](const std::byte* record, const std::byte*) {
      for (std::size_t f : open) {
        const auto value = load<double>(record + layout_.fields[f].offset);
        if (!std::isnan(value)) gathered_[f].quantiles->add(value);
      }
    });
    end_pass();
  }
}

void DatasetBuilder::write_rows(const Encoders& encoders, CacheWriter& writer, ProgressMeter& progress) {
  const RecordLayout& encoded = writer.layout();
  for_each_row(progress, [&](const std::byte* from, const std::byte* items) {
    std::byte* const to = record_.data();
    items_.clear();
    for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
      const FieldState& state = *encoders.fields_[f];
      const std::vector<std::uint32_t>& rows = gathered_[f].rows;
      const auto final_row = [&](std::uint32_t row) { return state.has_vocabulary() ? rows[row] : row; };
      const std::byte* const raw = from + layout_.fields[f].offset;
      std::byte* const at = to + encoded.fields[f].offset;
      if (state.field.type == FieldType::category) {
        store(at, final_row(load<std::uint32_t>(raw)));
      } else if (state.has_edges()) {
        store(at, state.bucket(load<double>(raw)));
      } else if (state.field.type == FieldType::number) {
        store(at, state.transformed(load<double>(raw)));
      } else {
        const auto bag = load<BagSlot>(raw);
        store(at, bag);
        for (std::uint64_t i = 0; i < bag.count; ++i, items += sizeof(std::uint32_t)) {
          items_.push_back(final_row(load<std::uint32_t>(items)));
        }
      }
    }
    std::memcpy(to + encoded.labels, from + layout_.labels, config_.tasks.size());
    if (encoded.has_weight) std::memcpy(to + encoded.weight, from + layout_.weight, sizeof(double));
    writer.add({to, encoded.size}, items_);
  });
}

}  // namespace dcrnn::data
