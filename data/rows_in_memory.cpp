#include "data/rows_in_memory.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "core/failure.hpp"
#include "data/hash.hpp"

namespace dcrnn::data {

namespace {

/// to[i] = from[index[i]], `width` values each; nothing where there is nothing.
template <class T>
void gather(const std::vector<T>& from, const std::size_t* index, std::size_t count, std::vector<T>& to,
            std::size_t width = 1) {
  to.resize(from.empty() ? 0 : count * width);
  if (from.empty()) return;
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(from.data() + index[i] * width, width, to.data() + i * width);
  }
}

void gather_bags(const BatchColumn& from, const std::size_t* index, std::size_t count, BatchColumn& to) {
  to.ids.clear();
  to.offsets.assign(1, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t begin = from.offsets[index[i]], end = from.offsets[index[i] + 1];
    if (end - begin > std::numeric_limits<std::uint32_t>::max() - to.ids.size()) {
      fail(ErrorCode::memory, "a batch holds more than 4294967295 items of bags", "make the batch smaller");
    }
    to.ids.insert(to.ids.end(), from.ids.data() + begin, from.ids.data() + end);
    to.offsets.push_back(static_cast<std::uint32_t>(to.ids.size()));
  }
}

template <class T>
void add(Hasher& hasher, const std::vector<T>& values) {
  const std::size_t size = values.size();
  hasher.add({reinterpret_cast<const char*>(&size), sizeof size});
  hasher.add({reinterpret_cast<const char*>(values.data()), size * sizeof(T)});
}

}  // namespace

void RowsInMemory::read(const std::size_t* index, std::size_t count, Batch& batch) {
  batch.rows = count;
  batch.columns.resize(rows_.columns.size());
  for (std::size_t f = 0; f < rows_.columns.size(); ++f) {
    const BatchColumn& from = rows_.columns[f];
    BatchColumn& to = batch.columns[f];
    gather(from.values, index, count, to.values, from.values.size() / rows_.rows);
    if (from.offsets.empty()) {
      gather(from.ids, index, count, to.ids);
    } else {
      gather_bags(from, index, count, to);
    }
  }
  batch.labels.resize(rows_.labels.size());
  for (std::size_t t = 0; t < rows_.labels.size(); ++t)
    gather(rows_.labels[t], index, count, batch.labels[t]);
  batch.targets.resize(rows_.targets.size());
  for (std::size_t t = 0; t < rows_.targets.size(); ++t) {
    gather(rows_.targets[t], index, count, batch.targets[t]);
  }
  gather(rows_.weights, index, count, batch.weights);
  batch.truth.resize(rows_.labels.size());
}

std::uint64_t RowsInMemory::fingerprint() const {
  Hasher hasher;
  for (const BatchColumn& column : rows_.columns) {
    add(hasher, column.ids);
    add(hasher, column.offsets);
    add(hasher, column.values);
  }
  for (const auto& labels : rows_.labels) add(hasher, labels);
  for (const auto& targets : rows_.targets) add(hasher, targets);
  add(hasher, rows_.weights);
  return hasher.digest();
}

}  // namespace dcrnn::data
