#include "data/cell.hpp"

#include <charconv>

namespace dcrnn::data {
namespace {

constexpr const char* kNoLog = " has no log1p: it must be greater than -1";

/// False if the number has no log1p and needs one.
bool to_raw(const Field& field, double number, double& raw) {
  if (field.transform == Transform::log1p && number <= -1) return false;
  raw = field.transform == Transform::log1p ? std::log1p(number) : number;
  return true;
}

}  // namespace

std::string cell_text(double number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

std::string raw_number(const Field& field, std::string_view cell, double& raw) {
  if (cell.empty() && field.transform != Transform::none) {
    raw = std::numeric_limits<double>::quiet_NaN();
    return {};
  }
  double number;
  if (std::string error = parse_number(cell, number); !error.empty()) return error;
  return to_raw(field, number, raw) ? std::string() : in_quotes(cell) + kNoLog;
}

std::string raw_number(const Field& field, double number, double& raw) {
  if (std::isnan(number) && field.transform == Transform::none) return "the number is missing (NaN)";
  if (std::isinf(number)) return "the number is infinite";
  return to_raw(field, number, raw) ? std::string() : cell_text(number) + kNoLog;
}

Field key_field(const Field& rate, const KeyColumn& column) {
  Field field;
  field.name = field.column = column.column;
  field.missing_words = rate.missing_words;
  if (column.numbers) {
    field.type = FieldType::number;
    field.transform = Transform::buckets;
    field.bins = column.bins;
  }
  return field;
}

}  // namespace dcrnn::data
