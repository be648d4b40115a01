#include "data/cache_rows.hpp"

#include <algorithm>
#include <limits>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::data {

CachedRows::CachedRows(const Schema& config, RecordLayout layout, const std::string& path,
                       const CacheParts& parts, std::vector<BagSizes> bags)
    : layout_(std::move(layout)),
      tasks_(config.tasks.size()),
      path_(path),
      parts_(parts),
      bags_(std::move(bags)),
      records_(path),
      items_(path) {}

void CachedRows::read(const std::size_t* index, std::size_t count, Batch& batch) {
  shape(count, batch);
  if (count == 0) return;
  records_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    records_.add(parts_.records + index[i] * layout_.size, layout_.size);
  }
  items_.clear();
  const std::byte* record = copy(records_);
  for (std::size_t i = 0; i < count; ++i, record += layout_.size) {
    if (row_check({record, layout_.check}, parts_.key, index[i]) !=
        load<std::uint64_t>(record + layout_.check)) {
      fail_changed();
    }
    load_record(record, i, batch);
  }
  if (layout_.has_bags) load_items(index, batch);
}

/// Makes room for `count` rows.
void CachedRows::shape(std::size_t count, Batch& batch) {
  batch.rows = count;
  batch.columns.resize(layout_.fields.size());
  for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
    BatchColumn& column = batch.columns[f];
    switch (layout_.fields[f].kind) {
      case RecordLayout::Kind::value:
        column.values.resize(count * layout_.fields[f].width);
        break;
      case RecordLayout::Kind::row:
        column.ids.resize(count);
        break;
      case RecordLayout::Kind::bag:
        column.offsets.resize(count + 1);
        column.offsets[0] = 0;
        // No later batch of this size, of different rows, can need more.
        column.ids.reserve(std::min(count * bags_[f].largest, bags_[f].total));
        column.ids.clear();
        break;
    }
  }
  batch.labels.resize(tasks_);
  for (auto& labels : batch.labels) labels.resize(count);
  batch.targets.resize(tasks_);
  for (const std::size_t t : layout_.soft) batch.targets[t].resize(count);
  batch.weights.resize(layout_.has_weight ? count : 0);
  batch.truth.resize(tasks_);
  for (auto& truth : batch.truth) truth.clear();
  if (layout_.has_bags) items_checks_.resize(count);
}

/// A record becomes row `i` of the batch, but for the items of its bags, which are asked for.
void CachedRows::load_record(const std::byte* record, std::size_t i, Batch& batch) {
  std::uint64_t first = std::numeric_limits<std::uint64_t>::max(), items = 0;
  for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
    const std::byte* const from = record + layout_.fields[f].offset;
    BatchColumn& column = batch.columns[f];
    switch (layout_.fields[f].kind) {
      case RecordLayout::Kind::value:
        std::memcpy(column.values.data() + i * layout_.fields[f].width, from,
                    layout_.fields[f].width * sizeof(double));
        break;
      case RecordLayout::Kind::row:
        column.ids[i] = load<std::uint32_t>(from);
        break;
      case RecordLayout::Kind::bag:
        const auto bag = load<BagSlot>(from);
        if (bag.count > std::numeric_limits<std::uint32_t>::max() - column.offsets[i]) {
          fail(ErrorCode::memory, "a batch holds more than 4294967295 items of bags",
               "make the batch smaller");
        }
        column.offsets[i + 1] = column.offsets[i] + static_cast<std::uint32_t>(bag.count);
        first = std::min(first, bag.first);
        items += bag.count;
        break;
    }
  }
  for (std::size_t t = 0; t < tasks_; ++t)
    batch.labels[t][i] = load<std::int8_t>(record + layout_.labels + t);
  for (std::size_t k = 0; k < layout_.soft.size(); ++k) {
    batch.targets[layout_.soft[k]][i] = load<double>(record + layout_.targets + k * sizeof(double));
  }
  if (layout_.has_weight) batch.weights[i] = load<double>(record + layout_.weight);
  if (!layout_.has_bags) return;
  items_checks_[i] = load<std::uint64_t>(record + layout_.items_check);
  items_.add(parts_.items + first * sizeof(std::uint32_t), items * sizeof(std::uint32_t));
}

/// The items of all bags of the batch; those of a row stand together in the file.
void CachedRows::load_items(const std::size_t* index, Batch& batch) {
  const std::byte* items = copy(items_);
  for (std::size_t i = 0; i < batch.rows; ++i) {
    const std::byte* const row_items = items;
    for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
      if (layout_.fields[f].kind != RecordLayout::Kind::bag) continue;
      BatchColumn& column = batch.columns[f];
      const std::size_t count = column.offsets[i + 1] - column.offsets[i];
      column.ids.resize(column.offsets[i + 1]);
      if (count > 0) std::memcpy(column.ids.data() + column.offsets[i], items, count * sizeof(std::uint32_t));
      items += count * sizeof(std::uint32_t);
    }
    if (row_check({row_items, items}, parts_.key, index[i]) != items_checks_[i]) fail_changed();
  }
}

const std::byte* CachedRows::copy(FilePieces& pieces) const {
  const std::byte* const copied = pieces.copy();
  if (copied == nullptr) fail_changed();
  return copied;
}

void CachedRows::fail_changed() const {
  fail(ErrorCode::io, "cannot read " + printable(path_) + ": it was changed while it was in use",
       "let nobody write to the cache of a run; --resume goes on from its checkpoint");
}

}  // namespace dcrnn::data
