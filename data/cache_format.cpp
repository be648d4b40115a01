#include "data/cache_format.hpp"

#include <cstring>

namespace dcrnn::data {
namespace {

void put(std::string& to, std::uint64_t number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put(std::string& to, std::string_view bytes) {
  put(to, bytes.size());
  to += bytes;
}

bool take(std::string_view& from, std::uint64_t& number) {
  if (from.size() < sizeof number) return false;
  std::memcpy(&number, from.data(), sizeof number);
  from.remove_prefix(sizeof number);
  return true;
}

bool take(std::string_view& from, std::string_view& bytes) {
  std::uint64_t size;
  if (!take(from, size) || size > from.size()) return false;
  bytes = from.substr(0, size);
  from.remove_prefix(size);
  return true;
}

}  // namespace

std::string pack_tensors(const std::vector<TensorView>& tensors) {
  std::string bytes;
  for (const TensorView& tensor : tensors) {
    put(bytes, tensor.name);
    put(bytes, static_cast<std::uint64_t>(tensor.dtype));
    put(bytes, tensor.shape.size());
    for (std::size_t size : tensor.shape) put(bytes, size);
    put(bytes, std::string_view(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()));
  }
  return bytes;
}

bool unpack_tensors(std::string_view bytes, std::vector<TensorView>& tensors) {
  while (!bytes.empty()) {
    TensorView tensor;
    std::string_view name, data;
    std::uint64_t type, rank, size;
    if (!take(bytes, name) || !take(bytes, type) || !take(bytes, rank)) return false;
    if (type > static_cast<std::uint64_t>(DType::f64)) return false;
    for (std::uint64_t i = 0; i < rank; ++i) {
      if (!take(bytes, size)) return false;
      tensor.shape.push_back(size);
    }
    if (!take(bytes, data)) return false;
    tensor.name = name;
    tensor.dtype = static_cast<DType>(type);
    tensor.data = std::as_bytes(std::span(data));
    tensors.push_back(std::move(tensor));
  }
  return true;
}

}  // namespace dcrnn::data
