// An aligned block of plain values.
#pragma once

#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

#include "core/size.hpp"

namespace dcrnn {

/// Cache-line (and AVX-512 vector) alignment of every block, in bytes.
inline constexpr std::size_t kAlignment = 64;

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
    void* raw = bytes <= std::numeric_limits<std::ptrdiff_t>::max()
                    ? ::operator new (bytes, std::align_val_t{kAlignment}, std::nothrow)
                    : nullptr;
    if (raw == nullptr) {
      fail(ErrorCode::memory, std::string(what) + ": cannot allocate " + std::to_string(bytes) + " bytes",
           "make the model or the batch smaller");
    }
    std::memset(raw, 0, bytes);
    data_.reset(static_cast<T*>(raw));
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
    void operator()(T* p) const noexcept { ::operator delete (p, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace dcrnn
