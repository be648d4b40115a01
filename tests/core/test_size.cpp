#include <doctest/doctest.h>

#include <cstdint>
#include <initializer_list>
#include <limits>

#include "core/buffer.hpp"
#include "core/size.hpp"
#include "tests/failure_of.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {
constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
}

// Under AddressSanitizer, too, an allocation that is too large shall give null instead of ending the program.
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() {
  return "allocator_may_return_null=1";
}

TEST_CASE("sizes are multiplied and added up to the last that fits") {
  CHECK(checked_mul(6, 7, "x") == 42);
  CHECK(checked_mul(kMost, 0, "x") == 0);
  CHECK(checked_mul(kMost, 1, "x") == kMost);
  CHECK(checked_mul(std::size_t{1} << 32, (std::size_t{1} << 32) - 1, "x") == kMost - 0xffffffff);
  CHECK(checked_add(kMost - 1, 1, "x") == kMost);
  const Error product =
      failure_of([] { (void)checked_mul(std::size_t{1} << 32, std::size_t{1} << 32, "table"); });
  CHECK(product.code == ErrorCode::memory);
  CHECK(product.message.starts_with("table: 4294967296 x 4294967296"));
  const Error sum = failure_of([] { (void)checked_add(kMost, 1, "width"); });
  CHECK(sum.code == ErrorCode::memory);
  CHECK(sum.message.starts_with("width: "));
}

TEST_CASE("rounding up reaches the next multiple") {
  CHECK(round_up(0, 8) == 0);
  CHECK(round_up(1, 8) == 8);
  CHECK(round_up(8, 8) == 8);
  CHECK(round_up(17, 16) == 32);
}

TEST_CASE("a buffer is aligned, zeroed and its own") {
  for (const std::size_t size : std::initializer_list<std::size_t>{1, 3, 16, 1000}) {
    Buffer<float> buffer(size);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % kAlignment == 0);
    CHECK(buffer.size() == size);
    for (float value : buffer.span()) CHECK(value == 0.0f);
    buffer[size - 1] = 5.0f;
    const float* const data = buffer.data();
    const Buffer<float> moved = std::move(buffer);
    CHECK(moved.data() == data);
    CHECK(moved[size - 1] == 5.0f);
  }
  CHECK(Buffer<double>().size() == 0);
  CHECK(Buffer<double>(0).data() == nullptr);
}

TEST_CASE("a buffer too large is a failure, not a crash") {
  for (std::size_t size : {kMost, kMost / 8, kMost / 8 - 8, kMost / 16, kMost / 16 - 8}) {
    CAPTURE(size);
    const Error error = failure_of([&] { Buffer<double> buffer(size, "activations"); });
    CHECK(error.code == ErrorCode::memory);
    CHECK(error.message.starts_with("activations: "));
  }
}
