// An aligned block of plain values.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>

#include "core/size.hpp"

namespace dcrnn {

/// Cache-line (and AVX-512 vector) alignment of every block, in bytes.
inline constexpr std::size_t kAlignment = 64;

/// `bytes` > 0 zero bytes, aligned to kAlignment at least. Failure(memory) naming `what`.
void* allocate_block(std::size_t bytes, std::string_view what);
void free_block(void* block, std::size_t bytes) noexcept;

/// Fixed-size zero-filled array of trivially copyable T, aligned to kAlignment. Move-only.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  /// Failure(memory) naming `what` if `size` values cannot be had.
  explicit Buffer(std::size_t size, std::string_view what = "buffer") : size_(size) {
    if (size == 0) return;
    const std::size_t bytes = checked_add(checked_mul(size, sizeof(T), what), kAlignment, what);
    data_ = {static_cast<T*>(allocate_block(bytes, what)), Free{bytes}};
  }

  T* data() noexcept { return data_.get(); }
  const T* data() const noexcept { return data_.get(); }
  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t i) noexcept { return data_.get()[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_.get()[i]; }
  std::span<T> span() noexcept { return {data(), size_}; }
  std::span<const T> span() const noexcept { return {data(), size_}; }

 private:
  struct Free {
    std::size_t bytes = 0;
    void operator()(T* p) const noexcept { free_block(p, bytes); }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace dcrnn
