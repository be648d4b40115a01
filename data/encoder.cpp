#include "data/encoder.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/failure.hpp"
#include "data/field_state.hpp"

namespace dcrnn::data {

std::size_t FieldState::table_rows() const {
  if (!field.has_table()) return 0;
  if (has_edges()) return field.bins + 1;
  return has_vocabulary() ? vocabulary.size() + 1 : field.size;
}

std::uint32_t FieldState::bucket(double raw) const {
  if (raw != raw) return 0;
  const auto edge = std::lower_bound(edges.begin(), edges.end(), raw);
  return static_cast<std::uint32_t>(edge - edges.begin()) + 1;
}

std::string raw_number(const Field& field, std::string_view cell, double& raw) {
  if (cell.empty() && field.transform != Transform::none) {
    raw = std::numeric_limits<double>::quiet_NaN();
    return {};
  }
  if (std::string error = parse_number(cell, raw); !error.empty()) return error;
  if (field.transform == Transform::log1p) {
    if (raw <= -1) return in_quotes(cell) + " has no log1p: it must be greater than -1";
    raw = std::log1p(raw);
  }
  return {};
}

std::string transform_overflow(std::string_view cell) {
  return in_quotes(cell) + " is out of range once standardized";
}

Encoders::Encoders() = default;
Encoders::~Encoders() = default;
Encoders::Encoders(Encoders&&) noexcept = default;
Encoders& Encoders::operator=(Encoders&&) noexcept = default;

Encoders::Encoders(const Schema& config) {
  for (const Field& field : config.fields) {
    auto state = std::make_unique<FieldState>();
    state->field = field;
    if (state->has_vocabulary() || state->has_edges() || state->has_statistics()) {
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

namespace {

/// Appends a raw number; false if it is no finite float once transformed.
bool append_number(const FieldState& state, double raw, BatchColumn& column) {
  if (state.has_edges()) {
    column.ids.push_back(state.bucket(raw));
    return true;
  }
  const double value = state.transformed(raw);
  if (!std::isfinite(static_cast<float>(value))) return false;
  column.values.push_back(value);
  return true;
}

std::string shown(double number) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, number).ptr);
}

}  // namespace

std::string Encoders::encode(std::size_t index, std::string_view cell, BatchColumn& column) const {
  const FieldState& state = *fields_[index];
  const Field& field = state.field;
  if (field.type == FieldType::number) {
    double raw;
    if (std::string error = raw_number(field, cell, raw); !error.empty()) return error;
    return append_number(state, raw, column) ? "" : transform_overflow(cell);
  }
  const auto append = [&](std::string_view word) -> std::string {
    std::uint32_t row = 0;
    if (state.has_vocabulary()) {
      row = state.vocabulary.find(word) + 1;  // kNone + 1 is row 0, unknown
    } else if (std::string error = fixed_row(field, word, row); !error.empty()) {
      return error;
    }
    column.ids.push_back(row);
    return {};
  };
  if (field.type == FieldType::category) return append(cell);
  if (std::string error = for_each_item(field, cell, append); !error.empty()) {
    column.ids.resize(column.offsets.back());
    return error;
  }
  if (column.ids.size() > std::numeric_limits<std::uint32_t>::max()) {
    return "the batch holds more than 4294967295 items of bags";
  }
  column.offsets.push_back(static_cast<std::uint32_t>(column.ids.size()));
  return {};
}

std::string Encoders::encode_number(std::size_t index, double number, BatchColumn& column) const {
  const FieldState& state = *fields_[index];
  const Transform transform = state.field.transform;
  if (std::isnan(number) && transform == Transform::none) return "the number is missing (NaN)";
  if (std::isinf(number)) return "the number is infinite";
  if (transform == Transform::log1p && number <= -1) {
    return shown(number) + " has no log1p: it must be greater than -1";
  }
  const double raw = transform == Transform::log1p ? std::log1p(number) : number;
  return append_number(state, raw, column) ? "" : transform_overflow(shown(number));
}

}  // namespace dcrnn::data
