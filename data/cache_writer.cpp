#include <charconv>

#include "data/cache.hpp"
#include "data/cache_format.hpp"

namespace dcrnn::data {
namespace {

template <class T>
std::string_view bytes_of(const T* values, std::size_t count) {
  return {reinterpret_cast<const char*>(values), count * sizeof(T)};
}

}  // namespace

std::string cache_path(const std::string& directory, const CacheKey& key) {
  char digits[16];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, key.all, 16);
  const std::string text(digits, end);
  return directory + "/" + std::string(16 - text.size(), '0') + text + ".rows";
}

CacheWriter::CacheWriter(const Schema& config, const std::string& directory, const CacheKey& key)
    : layout_(config, RecordLayout::Stage::encoded),
      tasks_(config.tasks.size()),
      key_(key),
      file_(cache_path(directory, key), OutputFile::Target::regular_only),
      content_(key.schema),
      record_(layout_.size) {
  if (layout_.has_bags) {
    item_file_.emplace(cache_path(directory, key) + ".items", OutputFile::Target::scratch);
  }
  const CacheHeader header;
  file_.write(bytes_of(&header, 1));
}

void CacheWriter::add(std::span<std::byte> record, std::span<const std::uint32_t> row_items) {
  const std::string_view items = bytes_of(row_items.data(), row_items.size());
  content_.add(bytes_of(record.data(), layout_.items_check), items);
  if (layout_.has_bags) {
    store(record.data() + layout_.items_check, row_check(std::as_bytes(row_items), key_.all, rows_));
  }
  store(record.data() + layout_.check, row_check(record.first(layout_.check), key_.all, rows_));
  file_.write(bytes_of(record.data(), record.size()));
  if (!items.empty()) item_file_->write(items);
  ++rows_;
  item_count_ += row_items.size();
}

void CacheWriter::add(const Batch& batch) {
  for (std::size_t b = 0; b < batch.rows; ++b) {
    row_items_.clear();
    for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
      const BatchColumn& column = batch.columns[f];
      std::byte* const at = record_.data() + layout_.fields[f].offset;
      if (layout_.fields[f].kind == RecordLayout::Kind::value) {
        store(at, column.values[b]);
      } else if (layout_.fields[f].kind == RecordLayout::Kind::row) {
        store(at, column.ids[b]);
      } else {
        const std::uint32_t begin = column.offsets[b];
        const std::uint32_t end = column.offsets[b + 1];
        store(at, BagSlot{item_count_ + row_items_.size(), end - begin});
        row_items_.insert(row_items_.end(), column.ids.data() + begin, column.ids.data() + end);
      }
    }
    for (std::size_t t = 0; t < tasks_; ++t) store(record_.data() + layout_.labels + t, batch.labels[t][b]);
    if (layout_.has_weight) store(record_.data() + layout_.weight, batch.weights[b]);
    add(record_, row_items_);
  }
}

void CacheWriter::finish(const Encoders* encoders) {
  if (item_file_) {
    const MappedFile items = item_file_->written();
    file_.write(bytes_of(items.bytes().data(), items.bytes().size()));
  }
  const std::string packed = encoders != nullptr ? pack_tensors(encoders->tensors()) : std::string();
  file_.write(packed);
  CacheTrailer trailer;
  trailer.key = key_.all;
  trailer.rows = rows_;
  trailer.record_size = layout_.size;
  trailer.items = item_count_;
  trailer.encoders_size = packed.size();
  trailer.content = content_.digest(packed);
  trailer.check = trailer.own_hash();
  file_.write(bytes_of(&trailer, 1));
  file_.commit();
}

}  // namespace dcrnn::data
