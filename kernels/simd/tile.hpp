// A tile of C: a few rows times a few panels of columns, small enough to live in registers while k runs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "kernels/simd/lanes.hpp"

namespace dcrnn::kernels::simd {

/// Tile of an architecture: as many registers as it has, less those for a row of R and an element of A.
template <class A>
struct Shape {
  static constexpr std::size_t rows = 6;     ///< of a tile
  static constexpr std::size_t vectors = 2;  ///< of a panel
};
template <>
struct Shape<xsimd::avx512bw> {
  static constexpr std::size_t rows = 12;
  static constexpr std::size_t vectors = 2;
};
template <>
struct Shape<xsimd::neon64> {
  static constexpr std::size_t rows = 6;
  static constexpr std::size_t vectors = 4;
};

/// Columns of a panel.
template <class A>
inline constexpr std::size_t kPanel = Shape<A>::vectors* kLanes<A>;

/// Panels that a tile of `rows` rows spans: one row alone has too few sums to keep the multipliers busy.
template <class A>
constexpr std::size_t panels_of(std::size_t rows) {
  return std::max<std::size_t>(1, std::min<std::size_t>(4, 8 / (rows * Shape<A>::vectors)));
}

struct TileArguments {
  std::size_t K;
  const float* a;  ///< A(i, k) = a[i * a_row + k], or copied: a[k * rows + i]
  std::size_t a_row;
  const float* b;
  std::size_t panel_stride;
  float* c;
  std::size_t ldc;
  bool resume;        ///< go on from C
  const float* bias;  ///< null: none
  bool relu;
};

/// One tile of kRows rows and kPanels panels.
template <class A, std::size_t kRows, std::size_t kPanels, bool kCopiedA>
void multiply_tile(const TileArguments& t) {
  constexpr std::size_t kVectors = Shape<A>::vectors * kPanels;
  Vector<A> sum[kRows][kVectors];
  unroll<kRows>([&]<std::size_t i>() {
    float* c = t.c + i * t.ldc;
    unroll<kPanels>([&]<std::size_t j>() {  // C is not needed before the end; a panel may begin within a line
      __builtin_prefetch(c + j * kPanel<A>, 1);
      __builtin_prefetch(c + (j + 1) * kPanel<A> - 1, 1);
    });
    unroll<kVectors>([&]<std::size_t j>() {
      sum[i][j] = t.resume ? Vector<A>::load_unaligned(c + j * kLanes<A>) : Vector<A>(0.0f);
    });
  });

  const float* a = t.a;
  const float* b = t.b;
  const std::size_t a_row = kCopiedA ? 1 : t.a_row;
  const std::size_t panel_stride = t.panel_stride;
  for (std::size_t k = t.K; k > 0; --k) {
    Vector<A> r[kVectors];
    unroll<kVectors>([&]<std::size_t j>() {
      r[j] = Vector<A>::load_unaligned(b + j / Shape<A>::vectors * panel_stride +
                                       j % Shape<A>::vectors * kLanes<A>);
    });
    unroll<kRows>([&]<std::size_t i>() {
      const Vector<A> element(a[i * a_row]);
      unroll<kVectors>([&]<std::size_t j>() { sum[i][j] = xsimd::fma(element, r[j], sum[i][j]); });
    });
    a += kCopiedA ? kRows : 1;
    b += kPanel<A>;
  }

  unroll<kVectors>([&]<std::size_t j>() {
    const Vector<A> bias =
        t.bias != nullptr ? Vector<A>::load_unaligned(t.bias + j * kLanes<A>) : Vector<A>(0.0f);
    unroll<kRows>([&]<std::size_t i>() {
      Vector<A> c = t.bias != nullptr ? sum[i][j] + bias : sum[i][j];
      if (t.relu) c = xsimd::select(c < Vector<A>(0.0f), Vector<A>(0.0f), c);
      c.store_unaligned(t.c + i * t.ldc + j * kLanes<A>);
    });
  });
}

using TileFunction = void (*)(const TileArguments&);

template <class A, bool kCopiedA, bool kOnePanel, std::size_t... kRowsLessOne>
constexpr std::array<TileFunction, sizeof...(kRowsLessOne)> tile_functions(
    std::index_sequence<kRowsLessOne...>) {
  return {&multiply_tile < A, kRowsLessOne + 1, kOnePanel ? 1 : panels_of<A>(kRowsLessOne + 1),
          kCopiedA > ...};
}

/// multiply_tile for `rows` rows, at [rows - 1].
template <class A, bool kCopiedA, bool kOnePanel>
inline constexpr auto kTileFunctions =
    tile_functions<A, kCopiedA, kOnePanel>(std::make_index_sequence<Shape<A>::rows>{});

}  // namespace dcrnn::kernels::simd
