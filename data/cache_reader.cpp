#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/failure.hpp"
#include "data/cache.hpp"
#include "data/cache_format.hpp"
#include "data/cache_rows.hpp"

namespace dcrnn::data {
namespace {

/// Reads one part of a file from front to end.
class Part {
 public:
  /// `size` bytes from `offset` on.
  Part(const InputFile& file, std::uint64_t offset, std::uint64_t size)
      : file_(file), offset_(offset), left_(size), buffer_(kBufferSize) {}

  /// The next `size` bytes, valid until the next call; null if there are not as many.
  const std::byte* take(std::uint64_t size) {
    if (size > end_ - begin_ + left_) return nullptr;
    if (size > end_ - begin_ && !refill(size)) return nullptr;
    const std::byte* const bytes = buffer_.data() + begin_;
    begin_ += size;
    return bytes;
  }

 private:
  static constexpr std::size_t kBufferSize = std::size_t{1} << 18;

  bool refill(std::uint64_t size) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() < size) buffer_.resize(size);
    const std::size_t wanted = std::min<std::uint64_t>(buffer_.size() - end_, left_);
    if (file_.read_at(offset_, buffer_.data() + end_, wanted) != wanted) return false;
    offset_ += wanted;
    left_ -= wanted;
    end_ += wanted;
    return true;
  }

  const InputFile& file_;
  std::uint64_t offset_, left_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0, end_ = 0;  // what is read and not yet taken
};

template <class T>
bool read_whole(const InputFile& file, std::uint64_t offset, T& value) {
  return file.read_at(offset, &value, sizeof value) == sizeof value;
}

/// A cache file on its way to being trusted.
class Checker {
 public:
  /// `known`: as for open_cache.
  Checker(const Schema& config, const Encoders* known, const InputFile& file, const CacheKey& key)
      : config_(config),
        known_(known),
        file_(file),
        key_(key),
        layout_(config, RecordLayout::Stage::encoded) {
    bags.resize(layout_.fields.size());
  }

  /// True if everything in the file is as a writer leaves it.
  bool passes() { return find_parts() && read_encoders() && check_rows(); }

  CacheParts parts;
  std::uint64_t content = 0;
  std::optional<Encoders> encoders;
  std::vector<CellCounts> counts;  // where the encoders are known
  std::vector<BagSizes> bags;

 private:
  bool find_parts() {
    const std::uint64_t size = file_.size();
    CacheHeader header;
    if (size < sizeof(CacheHeader) + sizeof(CacheTrailer) || !read_whole(file_, 0, header) ||
        !read_whole(file_, size - sizeof(CacheTrailer), trailer_)) {
      return false;
    }
    const CacheHeader right;
    if (std::memcmp(&header, &right, sizeof right) != 0 || trailer_.magic != kCacheMagic) return false;
    if (trailer_.check != trailer_.own_hash() || trailer_.key != key_.all ||
        trailer_.record_size != layout_.size) {
      return false;
    }
    std::uint64_t left = size - sizeof(CacheHeader) - sizeof(CacheTrailer);
    const auto part = [&left](std::uint64_t count, std::uint64_t each) {
      const bool fits = count <= left / each;
      if (fits) left -= count * each;
      return fits;
    };
    if (trailer_.rows == 0 || !part(trailer_.rows, layout_.size) ||
        !part(trailer_.items, sizeof(std::uint32_t)) || left != trailer_.encoders_size) {
      return false;
    }
    parts.key = trailer_.key;
    parts.rows = trailer_.rows;
    parts.records = sizeof(CacheHeader);
    parts.items = parts.records + trailer_.rows * layout_.size;
    content = trailer_.content;
    return true;
  }

  bool read_encoders() {
    packed_.resize(trailer_.encoders_size);
    const std::uint64_t at = parts.items + trailer_.items * sizeof(std::uint32_t);
    if (file_.read_at(at, packed_.data(), packed_.size()) != packed_.size()) return false;
    std::vector<TensorView> tensors;
    if (!unpack_tensors(packed_, tensors)) return false;
    if (known_ != nullptr) {
      rows_of_table_ = known_->table_rows();
      return read_counts(tensors);
    }
    encoders = Encoders::from_tensors(config_, tensors, file_.path());
    rows_of_table_ = encoders->table_rows();
    return true;
  }

  bool read_counts(const std::vector<TensorView>& tensors) {
    counts.resize(config_.fields.size());
    if (tensors.size() != 1 || tensors[0].name != kCountsTensor || tensors[0].dtype != DType::u64 ||
        tensors[0].shape != std::vector<std::size_t>{counts.size(), 4}) {
      return false;
    }
    std::memcpy(counts.data(), tensors[0].data.data(), tensors[0].data.size());
    return std::all_of(counts.begin(), counts.end(), [&](const CellCounts& one) {
      return one.cells == trailer_.rows && one.empty <= one.cells && one.unknown <= one.values;
    });
  }

  bool check_rows() {
    Part records(file_, parts.records, trailer_.rows * layout_.size);
    Part items(file_, parts.items, trailer_.items * sizeof(std::uint32_t));
    CacheContent hash(key_.schema);
    for (std::uint64_t row = 0; row < trailer_.rows; ++row) {
      const std::byte* const record = records.take(layout_.size);
      if (record == nullptr || !check_values(record)) return false;
      const std::uint64_t before = items_;
      if (!count_bags(record)) return false;
      const std::uint64_t size = (items_ - before) * sizeof(std::uint32_t);
      const std::byte* const row_items = items.take(size);
      if (row_items == nullptr || !check_items(record, row_items)) return false;
      if (layout_.has_bags &&
          load<std::uint64_t>(record + layout_.items_check) != row_check({row_items, size}, key_.all, row)) {
        return false;
      }
      if (load<std::uint64_t>(record + layout_.check) != row_check({record, layout_.check}, key_.all, row)) {
        return false;
      }
      hash.add({reinterpret_cast<const char*>(record), layout_.items_check},
               {reinterpret_cast<const char*>(row_items), size});
    }
    return items_ == trailer_.items && hash.digest(packed_) == content;
  }

  /// Numbers, ids, labels, targets and the weight of a record are such as its config allows.
  bool check_values(const std::byte* record) const {
    for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
      const RecordLayout::Slot& slot = layout_.fields[f];
      for (std::size_t i = 0; slot.kind == RecordLayout::Kind::value && i < slot.width; ++i) {
        if (!std::isfinite(static_cast<float>(load<double>(record + slot.offset + i * sizeof(double))))) {
          return false;
        }
      }
      if (slot.kind == RecordLayout::Kind::row &&
          load<std::uint32_t>(record + slot.offset) >= rows_of_table_[f]) {
        return false;
      }
    }
    for (std::size_t t = 0; t < config_.tasks.size(); ++t) {
      const auto label = load<std::int8_t>(record + layout_.labels + t);
      if (label < kMissingLabel || label > 1) return false;
    }
    for (std::size_t i = 0; i < layout_.soft.size(); ++i) {
      const auto target = load<double>(record + layout_.targets + i * sizeof(double));
      if (!(target >= 0 && target <= 1)) return false;
    }
    if (!layout_.has_weight) return true;
    const auto weight = load<double>(record + layout_.weight);
    return std::isfinite(weight) && weight >= 0;
  }

  /// The bags of a record begin where those before end; counts their items.
  bool count_bags(const std::byte* record) {
    for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
      if (layout_.fields[f].kind != RecordLayout::Kind::bag) continue;
      const auto bag = load<BagSlot>(record + layout_.fields[f].offset);
      if (bag.first != items_ || bag.count > trailer_.items - items_) return false;
      items_ += bag.count;
      bags[f].largest = std::max(bags[f].largest, bag.count);
      bags[f].total += bag.count;
    }
    return true;
  }

  /// The items of a row are rows of their field's table.
  bool check_items(const std::byte* record, const std::byte* items) const {
    for (std::size_t f = 0; f < layout_.fields.size(); ++f) {
      if (layout_.fields[f].kind != RecordLayout::Kind::bag) continue;
      const auto bag = load<BagSlot>(record + layout_.fields[f].offset);
      for (std::uint64_t i = 0; i < bag.count; ++i, items += sizeof(std::uint32_t)) {
        if (load<std::uint32_t>(items) >= rows_of_table_[f]) return false;
      }
    }
    return true;
  }

  const Schema& config_;
  const Encoders* known_;
  const InputFile& file_;
  const CacheKey& key_;
  RecordLayout layout_;
  CacheTrailer trailer_;
  std::string packed_;
  std::vector<std::size_t> rows_of_table_;
  std::uint64_t items_ = 0;  // of the rows so far
};

}  // namespace

std::optional<Cache> open_cache(const Schema& config, const Encoders* known, const std::string& directory,
                                const CacheKey& key) {
  const std::string path = cache_path(directory, key);
  if (!file_exists(path)) return std::nullopt;
  // A cache that cannot be read or understood is as good as none.
  try {
    InputFile file(path);
    Checker checker(config, known, file, key);
    if (!file.is_regular() || !checker.passes()) return std::nullopt;
    Cache cache;
    cache.dataset.fingerprint = checker.content;
    cache.dataset.from_cache = true;
    cache.dataset.rows =
        std::make_unique<CachedRows>(config, RecordLayout(config, RecordLayout::Stage::encoded), path,
                                     checker.parts, std::move(checker.bags));
    cache.dataset.counts = std::move(checker.counts);
    cache.encoders = std::move(checker.encoders);
    return cache;
  } catch (const Failure& failure) {
    if (failure.error().code == ErrorCode::memory) throw;
    return std::nullopt;
  }
}

}  // namespace dcrnn::data
