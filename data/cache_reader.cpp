#include <algorithm>
#include <cstring>
#include <limits>

#include "core/failure.hpp"
#include "data/cache.hpp"
#include "data/cache_format.hpp"

namespace dcrnn::data {
namespace {

/// Where the parts of a valid cache file stand.
struct CacheParts {
  CacheTrailer trailer;
  const std::byte* records;
  const std::byte* items;
  std::string_view encoders;
};

/// Checks everything but the meaning of the records.
bool find_parts(std::span<const std::byte> bytes, const CacheKey& key, std::size_t record_size,
                CacheParts& parts) {
  if (bytes.size() < sizeof(CacheHeader) + sizeof(CacheTrailer)) return false;
  const auto header = load<CacheHeader>(bytes.data());
  parts.trailer = load<CacheTrailer>(bytes.data() + bytes.size() - sizeof(CacheTrailer));
  const CacheTrailer& trailer = parts.trailer;
  if (header.magic != kCacheMagic || header.format != kCacheFormat || trailer.magic != kCacheMagic)
    return false;
  if (trailer.check != trailer.own_hash() || trailer.key != key.all || trailer.record_size != record_size) {
    return false;
  }
  // The sizes are as written, since their checksum holds; what is missing would be the middle of the file.
  const std::size_t content_size = bytes.size() - sizeof(CacheHeader) - sizeof(CacheTrailer);
  const std::size_t records_size = trailer.rows * trailer.record_size;
  const std::size_t items_size = trailer.items * sizeof(std::uint32_t);
  if (records_size + items_size + trailer.encoders_size != content_size) return false;
  parts.records = bytes.data() + sizeof(CacheHeader);
  parts.items = parts.records + records_size;
  parts.encoders = {reinterpret_cast<const char*>(parts.items + items_size), trailer.encoders_size};
  return xxh64({reinterpret_cast<const char*>(parts.records), content_size}, key.schema) == trailer.content;
}

/// The counts per field, where that is what the tensors are.
bool read_counts(const std::vector<TensorView>& tensors, std::vector<CellCounts>& counts) {
  if (tensors.size() != 1 || tensors[0].name != kCountsTensor) return false;
  if (tensors[0].data.size() != counts.size() * sizeof(CellCounts)) return false;
  std::memcpy(counts.data(), tensors[0].data.data(), tensors[0].data.size());
  return true;
}

class CachedRows : public BatchSource {
 public:
  CachedRows(const Schema& config, RecordLayout layout, MappedFile file, const CacheParts& parts)
      : layout_(std::move(layout)),
        tasks_(config.tasks.size()),
        file_(std::move(file)),
        records_(parts.records),
        items_(parts.items),
        rows_(parts.trailer.rows),
        bags_(layout_.fields.size()) {
    for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
      if (layout_.fields[f].kind == RecordLayout::Kind::bag) measure_bags(f);
    }
  }

  std::size_t rows() const override { return rows_; }

  void read(const std::size_t* index, std::size_t count, Batch& batch) override {
    batch.rows = count;
    batch.columns.resize(layout_.fields.size());
    for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
      BatchColumn& column = batch.columns[f];
      const std::size_t offset = layout_.fields[f].offset;
      switch (layout_.fields[f].kind) {
        case RecordLayout::Kind::value:
          gather(index, count, offset, column.values);
          break;
        case RecordLayout::Kind::row:
          gather(index, count, offset, column.ids);
          break;
        case RecordLayout::Kind::bag:
          gather_bags(index, count, f, column);
          break;
      }
    }
    batch.labels.resize(tasks_);
    for (std::size_t t = 0; t < tasks_; ++t) gather(index, count, layout_.labels + t, batch.labels[t]);
    if (layout_.has_weight) {
      gather(index, count, layout_.weight, batch.weights);
    } else {
      batch.weights.clear();
    }
    batch.truth.resize(tasks_);
    for (auto& truth : batch.truth) truth.clear();
  }

 private:
  /// How many items the bags of a field hold.
  struct BagSizes {
    std::uint64_t largest = 0;
    std::uint64_t total = 0;
  };

  const std::byte* record(std::size_t row) const { return records_ + row * layout_.size; }

  void measure_bags(std::size_t field) {
    for (std::size_t row = 0; row < rows_; ++row) {
      const auto bag = load<BagSlot>(record(row) + layout_.fields[field].offset);
      bags_[field].largest = std::max(bags_[field].largest, bag.count);
      bags_[field].total += bag.count;
    }
  }

  template <class T>
  void gather(const std::size_t* index, std::size_t count, std::size_t offset, std::vector<T>& to) const {
    to.resize(count);
    for (std::size_t i = 0; i < count; ++i) to[i] = load<T>(record(index[i]) + offset);
  }

  void gather_bags(const std::size_t* index, std::size_t count, std::size_t field, BatchColumn& to) const {
    const std::size_t offset = layout_.fields[field].offset;
    to.offsets.resize(count + 1);
    to.offsets[0] = 0;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      total += load<BagSlot>(record(index[i]) + offset).count;
      to.offsets[i + 1] = static_cast<std::uint32_t>(total);
    }
    if (total > std::numeric_limits<std::uint32_t>::max()) {
      fail(ErrorCode::memory, "a batch holds more than 4294967295 items of bags", "make the batch smaller");
    }
    // No later batch of this size, of different rows, can need more.
    to.ids.reserve(std::min(count * bags_[field].largest, bags_[field].total));
    to.ids.resize(total);
    for (std::size_t i = 0; i < count; ++i) {
      const auto bag = load<BagSlot>(record(index[i]) + offset);
      if (bag.count == 0) continue;
      std::memcpy(to.ids.data() + to.offsets[i], items_ + bag.first * sizeof(std::uint32_t),
                  bag.count * sizeof(std::uint32_t));
    }
  }

  RecordLayout layout_;
  std::size_t tasks_;
  MappedFile file_;
  const std::byte* records_;
  const std::byte* items_;
  std::size_t rows_;
  std::vector<BagSizes> bags_;
};

}  // namespace

std::optional<Cache> open_cache(const Schema& config, const std::string& directory, const CacheKey& key) {
  const std::string path = cache_path(directory, key);
  if (!file_exists(path)) return std::nullopt;
  RecordLayout layout(config, RecordLayout::Stage::encoded);
  CacheParts parts;
  Cache cache;
  // A cache that cannot be read or understood is as good as none.
  try {
    MappedFile file(path);
    if (!find_parts(file.bytes(), key, layout.size, parts)) return std::nullopt;
    std::vector<TensorView> tensors;
    if (!unpack_tensors(parts.encoders, tensors)) return std::nullopt;
    cache.dataset.counts.resize(config.fields.size());
    if (!read_counts(tensors, cache.dataset.counts)) {
      cache.encoders = Encoders::from_tensors(config, tensors, path);
    }
    cache.dataset.rows = std::make_unique<CachedRows>(config, std::move(layout), std::move(file), parts);
  } catch (const Failure& failure) {
    if (failure.error().code == ErrorCode::memory) throw;
    return std::nullopt;
  }
  cache.dataset.fingerprint = parts.trailer.content;
  cache.dataset.from_cache = true;
  return cache;
}

}  // namespace dcrnn::data
