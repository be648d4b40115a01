#include "data/cache_rows.hpp"

#include <algorithm>
#include <limits>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::data {
namespace {

/// Rows that follow each other in the file, as those of validation do, are read by so many at once.
constexpr std::size_t kReadTogether = 64;

}  // namespace

CachedRows::CachedRows(const Schema& config, RecordLayout layout, InputFile file, const CacheParts& parts,
                       std::vector<BagSizes> bags)
    : layout_(std::move(layout)),
      tasks_(config.tasks.size()),
      file_(std::move(file)),
      parts_(parts),
      bags_(std::move(bags)),
      records_(kReadTogether * layout_.size) {}

void CachedRows::read(const std::size_t* index, std::size_t count, Batch& batch) {
  shape(count, batch);
  for (std::size_t i = 0; i < count;) {
    std::size_t together = 1;
    while (together < kReadTogether && i + together < count && index[i + together] == index[i] + together) {
      ++together;
    }
    read_exactly(parts_.records + index[i] * layout_.size, records_.data(), together * layout_.size);
    for (std::size_t j = 0; j < together; ++j, ++i) {
      const std::byte* const record = records_.data() + j * layout_.size;
      if (row_check({record, layout_.check}, parts_.key, index[i]) !=
          load<std::uint64_t>(record + layout_.check)) {
        fail_changed();
      }
      load_record(record, i, batch);
      if (layout_.has_bags) load_bags(record, index[i], i, batch);
    }
  }
}

/// Makes room for `count` rows.
void CachedRows::shape(std::size_t count, Batch& batch) const {
  batch.rows = count;
  batch.columns.resize(layout_.fields.size());
  for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
    BatchColumn& column = batch.columns[f];
    switch (layout_.fields[f].kind) {
      case RecordLayout::Kind::value:
        column.values.resize(count);
        break;
      case RecordLayout::Kind::row:
        column.ids.resize(count);
        break;
      case RecordLayout::Kind::bag:
        column.offsets.resize(count + 1);
        column.offsets[0] = 0;
        column.ids.clear();
        // No later batch of this size, of different rows, can need more.
        column.ids.reserve(std::min(count * bags_[f].largest, bags_[f].total));
        break;
    }
  }
  batch.labels.resize(tasks_);
  for (auto& labels : batch.labels) labels.resize(count);
  batch.weights.resize(layout_.has_weight ? count : 0);
  batch.truth.resize(tasks_);
  for (auto& truth : batch.truth) truth.clear();
}

/// All of a record but its bags becomes row `i` of the batch.
void CachedRows::load_record(const std::byte* record, std::size_t i, Batch& batch) const {
  for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
    const RecordLayout::Slot& slot = layout_.fields[f];
    if (slot.kind == RecordLayout::Kind::value)
      batch.columns[f].values[i] = load<double>(record + slot.offset);
    if (slot.kind == RecordLayout::Kind::row)
      batch.columns[f].ids[i] = load<std::uint32_t>(record + slot.offset);
  }
  for (std::size_t t = 0; t < tasks_; ++t)
    batch.labels[t][i] = load<std::int8_t>(record + layout_.labels + t);
  if (layout_.has_weight) batch.weights[i] = load<double>(record + layout_.weight);
}

/// The bags of row `row`, whose items stand together in the file.
void CachedRows::load_bags(const std::byte* record, std::size_t row, std::size_t i, Batch& batch) {
  std::uint64_t first = std::numeric_limits<std::uint64_t>::max(), count = 0;
  for (const RecordLayout::Slot& slot : layout_.fields) {
    if (slot.kind != RecordLayout::Kind::bag) continue;
    const auto bag = load<BagSlot>(record + slot.offset);
    first = std::min(first, bag.first);
    count += bag.count;
  }
  items_.resize(count);
  read_exactly(parts_.items + first * sizeof(std::uint32_t), items_.data(), count * sizeof(std::uint32_t));
  if (row_check(std::as_bytes(std::span(items_)), parts_.key, row) !=
      load<std::uint64_t>(record + layout_.items_check)) {
    fail_changed();
  }
  for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
    if (layout_.fields[f].kind != RecordLayout::Kind::bag) continue;
    const auto bag = load<BagSlot>(record + layout_.fields[f].offset);
    BatchColumn& column = batch.columns[f];
    const std::uint32_t* const items = items_.data() + (bag.first - first);
    column.ids.insert(column.ids.end(), items, items + bag.count);
    if (column.ids.size() > std::numeric_limits<std::uint32_t>::max()) {
      fail(ErrorCode::memory, "a batch holds more than 4294967295 items of bags", "make the batch smaller");
    }
    column.offsets[i + 1] = static_cast<std::uint32_t>(column.ids.size());
  }
}

void CachedRows::read_exactly(std::uint64_t offset, void* to, std::size_t size) const {
  if (file_.read_at(offset, to, size) != size) fail_changed();
}

void CachedRows::fail_changed() const {
  fail(ErrorCode::io, "cannot read " + printable(file_.path()) + ": it was changed while it was in use",
       "let nobody write to the cache of a run; --resume goes on from its checkpoint");
}

}  // namespace dcrnn::data
