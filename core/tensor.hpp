// A named, typed, shaped piece of memory: what goes into and comes out of files.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dcrnn {

enum class DType { u8, i8, u32, u64, f32, f64 };

/// Bytes of one element.
constexpr std::size_t size_of(DType type) {
  switch (type) {
    case DType::u8:
    case DType::i8:
      return 1;
    case DType::u32:
    case DType::f32:
      return 4;
    default:
      return 8;
  }
}

/// Does not own its bytes; data.size() == product of shape * size_of(dtype). data need not be aligned.
struct TensorView {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::size_t> shape;
  std::span<const std::byte> data;
};

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<unsigned char>() {
  return DType::u8;
}
template <>
constexpr DType dtype_of<signed char>() {
  return DType::i8;
}
template <>
constexpr DType dtype_of<unsigned int>() {
  return DType::u32;
}
template <>
constexpr DType dtype_of<unsigned long>() {
  return DType::u64;
}
template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::f64;
}

/// A view of `values`, which must outlive it.
template <class T>
TensorView tensor_view(std::string name, std::vector<std::size_t> shape, std::span<const T> values) {
  return {std::move(name), dtype_of<T>(), std::move(shape), std::as_bytes(values)};
}

}  // namespace dcrnn
