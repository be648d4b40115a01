#include "data/record.hpp"

#include "core/size.hpp"
#include "data/key_columns.hpp"

namespace dcrnn::data {
namespace {

RecordLayout::Kind kind_of(const Field& field, RecordLayout::Stage stage) {
  if (field.type == FieldType::bag) return RecordLayout::Kind::bag;
  if (field.type == FieldType::category) return RecordLayout::Kind::row;
  const bool bucket = field.transform == Transform::buckets && stage == RecordLayout::Stage::encoded;
  return bucket ? RecordLayout::Kind::row : RecordLayout::Kind::value;
}

}  // namespace

RecordLayout::RecordLayout(const Schema& config, Stage stage)
    : has_weight(!config.weight.empty()), has_bags(false) {
  for (const Field& field : config.fields) {
    const bool rate = field.type == FieldType::rate;
    fields.push_back({kind_of(field, stage), 0, !rate ? 1 : stage == Stage::raw ? 0 : field.width()});
    has_bags = has_bags || field.type == FieldType::bag;
  }
  const auto place = [this](Kind kind, std::size_t width) {
    for (Slot& slot : fields) {
      if (slot.kind != kind) continue;
      slot.offset = size;
      size = checked_add(size, checked_mul(width, slot.width, "a row of data"), "a row of data");
    }
  };
  place(Kind::bag, sizeof(BagSlot));
  place(Kind::value, sizeof(double));
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    if (!config.tasks[t].soft.empty()) soft.push_back(t);
  }
  targets = size;
  size += soft.size() * sizeof(double);
  keys = size;
  if (stage == Stage::raw) size += KeyColumns(config).columns.size() * sizeof(std::uint64_t);
  weight = size;
  if (has_weight) size += sizeof(double);
  place(Kind::row, sizeof(std::uint32_t));
  labels = size;
  size = round_up(size + config.tasks.size(), 8);
  if (stage == Stage::raw) return;
  items_check = size;
  if (has_bags) size += sizeof(std::uint64_t);
  check = size;
  size += sizeof(std::uint64_t);
}

}  // namespace dcrnn::data
