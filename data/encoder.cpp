#include "data/encoder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/failure.hpp"
#include "core/text.hpp"
#include "data/buckets.hpp"
#include "data/cell.hpp"
#include "data/field_state.hpp"

namespace dcrnn::data {

std::size_t FieldState::table_rows() const {
  if (!field.has_table()) return 0;
  if (has_edges()) return field.bins + 1;
  return has_vocabulary() ? vocabulary.size() + 1 : field.size;
}

std::uint32_t FieldState::bucket(double raw) const {
  return bucket_of(edges, raw);
}

Encoders::Encoders() = default;
Encoders::~Encoders() = default;
Encoders::Encoders(const Encoders&) = default;
Encoders::Encoders(Encoders&&) noexcept = default;
Encoders& Encoders::operator=(Encoders&&) noexcept = default;

Encoders::Encoders(std::vector<std::unique_ptr<FieldState>> fields, std::vector<std::uint64_t> fingerprints)
    : fingerprints_(std::move(fingerprints)) {
  for (auto& state : fields) fields_.push_back(std::move(state));
}

Encoders::Encoders(const Schema& config) {
  for (const Field& field : config.fields) {
    auto state = std::make_unique<FieldState>();
    state->field = field;
    if (state->has_vocabulary() || state->has_edges() || state->has_statistics() ||
        field.type == FieldType::rate) {
      fail(ErrorCode::usage, "field " + in_quotes(field.name) + " can only be encoded after training",
           "without training data a field needs encoding \"id\" or \"hash\", or transform \"none\"");
    }
    fields_.push_back(std::move(state));
  }
}

std::vector<std::size_t> Encoders::table_rows() const {
  std::vector<std::size_t> rows;
  for (const auto& state : fields_) rows.push_back(state->table_rows());
  return rows;
}

const CellCounts& Encoders::training_counts(std::size_t field) const {
  return fields_[field]->training;
}

/// Appends what a cell gives to a column.
template <class Cell>
struct Append {
  const FieldState& state;
  const Cell& cell;
  BatchColumn& column;

  std::string number(double raw) const {
    if (state.has_edges()) {
      column.ids.push_back(state.bucket(raw));
      return {};
    }
    const double value = state.transformed(raw);
    if (!std::isfinite(static_cast<float>(value))) {
      return in_quotes(cell_text(cell)) + " is out of range once standardized";
    }
    column.values.push_back(value);
    return {};
  }
  void word(std::string_view word) const { column.ids.push_back(state.row(word)); }
  void row(std::uint32_t row) const { column.ids.push_back(row); }
};

template <class Cell>
std::string Encoders::append(std::size_t index, Cell cell, BatchColumn& column) const {
  const FieldState& state = *fields_[index];
  const std::size_t first = column.ids.size();
  std::string error = read_cell(state.field, cell, Append<Cell>{state, cell, column});
  ++column.counts.cells;
  if (is_empty(state.field, cell)) {
    ++column.counts.empty;
  } else if (state.field.has_words()) {
    column.counts.values += column.ids.size() - first;
    column.counts.unknown += static_cast<std::uint64_t>(
        std::count_if(column.ids.begin() + static_cast<std::ptrdiff_t>(first), column.ids.end(),
                      [&](std::uint32_t row) { return !state.is_known(row); }));
  }
  if (state.field.type != FieldType::bag) return error;
  if (!error.empty()) {
    column.ids.resize(column.offsets.back());
    return error;
  }
  if (column.ids.size() > std::numeric_limits<std::uint32_t>::max()) {
    return "the batch holds more than 4294967295 items of bags";
  }
  column.offsets.push_back(static_cast<std::uint32_t>(column.ids.size()));
  return {};
}

template <class Cell>
std::string Encoders::append_key(std::size_t index, Cell cell, BatchColumn& column, std::size_t part) const {
  const RateState& rate = *fields_[index]->rate;
  if (std::string error = raw_key(rate.columns[part], cell, column.key[part]); !error.empty()) return error;
  if (part + 1 < rate.columns.size()) return {};
  ++column.counts.cells;
  column.keys.push_back(rate.key({column.key.data(), rate.columns.size()}));
  column.values.resize(column.values.size() + rate.numbers());
  rate.encode(column.keys.back(), column.values.data() + column.values.size() - rate.numbers());
  return {};
}

std::string Encoders::encode(std::size_t field, std::string_view cell, BatchColumn& column,
                             std::size_t part) const {
  return fields_[field]->rate ? append_key(field, cell, column, part) : append(field, cell, column);
}

std::string Encoders::encode(std::size_t field, double number, BatchColumn& column, std::size_t part) const {
  return fields_[field]->rate ? append_key(field, number, column, part) : append(field, number, column);
}

std::size_t Encoders::append_rows(std::size_t field, std::span<const std::uint32_t> ids,
                                  BatchColumn& column) const {
  const std::size_t rows = fields_[field]->table_rows();
  const auto beyond = std::find_if(ids.begin(), ids.end(), [&](std::uint32_t id) { return id >= rows; });
  column.ids.insert(column.ids.end(), ids.begin(), beyond);
  return static_cast<std::size_t>(beyond - ids.begin());
}

}  // namespace dcrnn::data
