// A cache taken apart and put together again with right checksums, whatever it says.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "data/cache.hpp"
#include "data/cache_format.hpp"
#include "data/record.hpp"

namespace dcrnn::data {

/// A cache taken apart, to be put together again with right checksums.
struct Forgery {
  /// `content`: the bytes of a cache of this config. Throws std::runtime_error where its parts do not fit.
  Forgery(const Schema& config, std::string content)
      : layout(config, RecordLayout::Stage::encoded), bytes(std::move(content)) {
    if (bytes.size() < sizeof(CacheHeader) + sizeof trailer) throw std::runtime_error("no trailer");
    std::memcpy(&trailer, bytes.data() + bytes.size() - sizeof trailer, sizeof trailer);
    const std::size_t held = bytes.size() - sizeof(CacheHeader) - sizeof trailer;
    if (trailer.rows > held / layout.size || trailer.items > held / sizeof items[0] ||
        trailer.rows * layout.size + trailer.items * sizeof items[0] + trailer.encoders_size != held) {
      throw std::runtime_error("other sizes");
    }
    const char* at = bytes.data() + sizeof(CacheHeader);
    for (std::uint64_t i = 0; i < trailer.rows; ++i, at += layout.size) records.emplace_back(at, layout.size);
    items.resize(trailer.items);
    if (!items.empty()) std::memcpy(items.data(), at, items.size() * sizeof items[0]);
    encoders.assign(at + items.size() * sizeof items[0], trailer.encoders_size);
  }

  std::byte* at(std::size_t row, std::size_t offset) {
    return reinterpret_cast<std::byte*>(records[row].data()) + offset;
  }
  /// The first field of a kind that is stored as `kind`, at row 3.
  std::byte* slot(RecordLayout::Kind kind, std::size_t which = 0) {
    for (const RecordLayout::Slot& slot : layout.fields) {
      if (slot.kind == kind && which-- == 0) return at(3, slot.offset);
    }
    throw std::runtime_error("no such field");
  }
  void change_bag(std::uint64_t first, std::uint64_t count) {
    auto bag = load<BagSlot>(slot(RecordLayout::Kind::bag));
    bag.first += first;
    bag.count += count;
    store(slot(RecordLayout::Kind::bag), bag);
  }
  /// Changes one of the stored encoders' tensors.
  void change_encoders(const std::function<void(std::vector<TensorView>&)>& change) {
    std::vector<TensorView> tensors;
    if (!unpack_tensors(encoders, tensors)) throw std::runtime_error("no encoders");
    change(tensors);
    encoders = pack_tensors(tensors);
  }

  std::string sealed() {
    std::string out(bytes.data(), sizeof(CacheHeader));
    CacheContent content(schema);
    for (std::size_t row = 0; row < records.size(); ++row) {
      std::uint64_t first = items.size(), count = 0;
      for (const RecordLayout::Slot& slot : layout.fields) {
        if (slot.kind != RecordLayout::Kind::bag) continue;
        const auto bag = load<BagSlot>(at(row, slot.offset));
        first = std::min(first, bag.first);
        count += bag.count;
      }
      first = std::min<std::uint64_t>(first, items.size());
      count = std::min<std::uint64_t>(count, items.size() - first);
      const std::span<const std::uint32_t> own(items.data() + first, count);
      store(at(row, layout.items_check), row_check(std::as_bytes(own), trailer.key, row));
      store(at(row, layout.check), row_check({at(row, 0), layout.check}, trailer.key, row));
      content.add(std::string_view(records[row]).substr(0, layout.items_check),
                  {reinterpret_cast<const char*>(own.data()), own.size_bytes()});
      out += records[row];
    }
    out.append(reinterpret_cast<const char*>(items.data()), items.size() * sizeof items[0]);
    out += encoders;
    trailer.content = content.digest(encoders);
    trailer.check = trailer.own_hash();
    out.append(reinterpret_cast<const char*>(&trailer), sizeof trailer);
    return out;
  }

  RecordLayout layout;
  std::string bytes;
  CacheTrailer trailer;
  std::uint64_t schema = 0;
  std::vector<std::string> records;
  std::vector<std::uint32_t> items;
  std::string encoders;
};

}  // namespace dcrnn::data
