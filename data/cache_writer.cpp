#include <charconv>

#include "data/cache.hpp"
#include "data/cache_format.hpp"

namespace dcrnn::data {
namespace {

constexpr std::size_t kKeyDigits = 16;
constexpr std::string_view kEnding = ".rows";

template <class T>
std::string_view bytes_of(const T* values, std::size_t count) {
  return {reinterpret_cast<const char*>(values), count * sizeof(T)};
}

}  // namespace

std::string cache_path(const std::string& directory, const CacheKey& key) {
  char digits[kKeyDigits];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, key.all, 16);
  const std::string text(digits, end);
  return directory + "/" + std::string(kKeyDigits - text.size(), '0') + text + std::string(kEnding);
}

bool is_cache_name(std::string_view name) {
  return name.size() == kKeyDigits + kEnding.size() && name.ends_with(kEnding) &&
         name.find_first_not_of("0123456789abcdef") == kKeyDigits;
}

CacheWriter::CacheWriter(const Schema& config, const std::string& directory, const CacheKey& key)
    : layout_(config, RecordLayout::Stage::encoded),
      tasks_(config.tasks.size()),
      key_(key),
      file_(cache_path(directory, key), OutputFile::Target::regular_only),
      content_(key.schema),
      counts_(config.fields.size()),
      record_(layout_.size) {
  if (layout_.has_bags) {
    item_file_.emplace(cache_path(directory, key), OutputFile::Target::scratch);
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
  for (std::size_t f = 0; f < counts_.size(); ++f) counts_[f] += batch.columns[f].counts;
  for (std::size_t b = 0; b < batch.rows; ++b) {
    row_items_.clear();
    for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
      const BatchColumn& column = batch.columns[f];
      std::byte* const at = record_.data() + layout_.fields[f].offset;
      if (layout_.fields[f].kind == RecordLayout::Kind::value) {
        const std::size_t width = layout_.fields[f].width;
        std::memcpy(at, column.values.data() + b * width, width * sizeof(double));
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
    for (std::size_t i = 0; i < layout_.soft.size(); ++i) {
      store(record_.data() + layout_.targets + i * sizeof(double), batch.targets[layout_.soft[i]][b]);
    }
    if (layout_.has_weight) store(record_.data() + layout_.weight, batch.weights[b]);
    add(record_, row_items_);
  }
}

void CacheWriter::finish(const Encoders* encoders) {
  if (item_file_) {
    const MappedFile items = item_file_->written();
    file_.write(bytes_of(items.bytes().data(), items.bytes().size()));
  }
  const TensorView counts{kCountsTensor, DType::u64, {counts_.size(), 4}, std::as_bytes(std::span(counts_))};
  const std::string packed = pack_tensors(encoders != nullptr ? encoders->tensors() : std::vector{counts});
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
