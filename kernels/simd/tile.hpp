// A tile of C: a few rows times a few panels of columns, small enough to live in registers while k runs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "kernels/simd/lanes.hpp"

namespace dcrnn::kernels::simd {

/// Tile of an architecture: its sums fill the registers, less those for a row of R and an element of A.
template <class A>
struct Shape {
  static constexpr std::size_t rows = 6;     ///< of a tile of one panel
  static constexpr std::size_t vectors = 2;  ///< of a panel
  static constexpr std::size_t sums = 12;    ///< vectors of a tile at most
};
template <>
struct Shape<xsimd::avx512bw> {
  static constexpr std::size_t rows = 12;
  static constexpr std::size_t vectors = 2;
  static constexpr std::size_t sums = 24;
};
template <>
struct Shape<xsimd::neon64> {
  static constexpr std::size_t rows = 6;
  static constexpr std::size_t vectors = 4;
  static constexpr std::size_t sums = 24;
};

/// Columns of a panel.
template <class A>
inline constexpr std::size_t kPanel = Shape<A>::vectors* kLanes<A>;

/// Panels that a tile may span.
template <class A>
inline constexpr std::size_t kMostPanels = 6;

/// Most panels that a tile of `rows` rows spans: few rows have too few sums in one panel to keep the
/// multipliers busy.
template <class A>
constexpr std::size_t panels_of(std::size_t rows) {
  return std::clamp<std::size_t>(Shape<A>::sums / (rows * Shape<A>::vectors), 1, kMostPanels<A>);
}

/// Memory that will be needed soon: kAsked elements at each place.
struct Ask {
  const float* first;  ///< null: nothing
  std::size_t stride;
};
template <class A>
inline constexpr std::size_t kAsked = std::max<std::size_t>(kPanel<A>, 16);

/// Tiles below each other.
struct TileArguments {
  std::size_t tiles, K;
  const float* a;  ///< A(i, k) = a[i * a_stride + k], or along the columns: a[i + k * a_stride]
  std::size_t a_stride;
  std::size_t a_tile;  ///< from a tile's A to the next one's
  const float* b;
  std::size_t panel_stride;
  float* c;
  std::size_t ldc;
  bool resume;        ///< go on from C
  const float* bias;  ///< null: none
  bool relu;
  Ask ask;  ///< the last tile asks for it, a place every round of k, if it has Shape::rows rows and one panel
};

/// Tiles of kRows rows and kVectors vectors of columns: whole panels, or half of one.
template <class A, std::size_t kRows, std::size_t kVectors, bool kColumnA>
void multiply_tiles(const TileArguments& t) {
  constexpr std::size_t kTogether = 6;  // rows of A that are reached from one pointer
  const std::size_t a_row = kColumnA ? 1 : t.a_stride, a_col = kColumnA ? t.a_stride : 1;
  const std::size_t panel_stride = t.panel_stride, ldc = t.ldc;
  const float* tile_a = t.a;
  float* c = t.c;
  for (std::size_t tile = t.tiles; tile > 0; --tile, tile_a += t.a_tile, c += kRows * ldc) {
    Vector<A> sum[kRows][kVectors];
    // Where C is not read first it is needed at the end of this tile; else the next tile's at its beginning.
    float* const needed = !t.resume ? c : tile > 1 ? c + kRows * ldc : t.c + kVectors * kLanes<A>;
    unroll<kRows>([&]<std::size_t i>() {  // a panel may begin within a line
      unroll<(kVectors + Shape<A>::vectors - 1) / Shape<A>::vectors>([&]<std::size_t j>() {
        ask_for<A, true>(needed + i * ldc + j * kPanel<A>);
        ask_for<A, true>(needed + i * ldc + std::min((j + 1) * kPanel<A>, kVectors * kLanes<A>) - 1);
      });
      unroll<kVectors>([&]<std::size_t j>() { sum[i][j] = Vector<A>(0.0f); });
    });
    if (t.resume) {
      unroll<kRows>([&]<std::size_t i>() {
        unroll<kVectors>(
            [&]<std::size_t j>() { sum[i][j] = Vector<A>::load_unaligned(c + i * ldc + j * kLanes<A>); });
      });
    }

    const float* a[(kRows + kTogether - 1) / kTogether];
    unroll<(kRows + kTogether - 1) / kTogether>(
        [&]<std::size_t i>() { a[i] = tile_a + i * kTogether * a_row; });
    const float* b = t.b;
    const auto rounds = [&]<bool kAsk>() __attribute__((always_inline)) {
      const float* ask = t.ask.first;
#pragma GCC unroll 8  // so few rounds that the processor can foresee the last
      for (std::size_t k = t.K; k > 0; --k) {
        Vector<A> r[kVectors];
        unroll<kVectors>([&]<std::size_t j>() {
          r[j] = Vector<A>::load_unaligned(b + j / Shape<A>::vectors * panel_stride +
                                           j % Shape<A>::vectors * kLanes<A>);
        });
        if constexpr (kAsk) {
          unroll<kAsked<A> / 16>([&]<std::size_t j>() { ask_for<A>(ask + j * 16); });
          ask += t.ask.stride;
        }
        unroll<kRows>([&]<std::size_t i>() {
          const Vector<A> element(a[i / kTogether][i % kTogether * a_row]);
          unroll<kVectors>([&]<std::size_t j>() { sum[i][j] = multiply_add(element, r[j], sum[i][j]); });
        });
        for (const float*& rows : a) rows += a_col;
        b += kPanel<A>;
      }
    };
    bool asks = false;
    if constexpr (kRows == Shape<A>::rows && kVectors == Shape<A>::vectors) {
      asks = tile == 1 && t.ask.first != nullptr;
      if (asks) rounds.template operator()<true>();
    }
    if (!asks) rounds.template operator()<false>();

    if (t.bias != nullptr) {
      unroll<kVectors>([&]<std::size_t j>() {
        const Vector<A> bias = Vector<A>::load_unaligned(t.bias + j * kLanes<A>);
        unroll<kRows>([&]<std::size_t i>() { sum[i][j] = sum[i][j] + bias; });
      });
    }
    if (t.relu) {
      const Vector<A> zero(0.0f);
      unroll<kRows * kVectors>([&]<std::size_t i>() {
        Vector<A>& x = sum[i / kVectors][i % kVectors];
        x = xsimd::select(x < zero, zero, x);
      });
    }
    unroll<kRows>([&]<std::size_t i>() {
      unroll<kVectors>([&]<std::size_t j>() { sum[i][j].store_unaligned(c + i * ldc + j * kLanes<A>); });
    });
  }
}

using TileFunction = void (*)(const TileArguments&);

/// Most vectors of columns of a tile.
template <class A>
inline constexpr std::size_t kMostVectors = kMostPanels<A>* Shape<A>::vectors;

/// Vectors of columns that the narrower tiles have: half a panel.
template <class A>
inline constexpr std::size_t kHalfPanel = Shape<A>::vectors / 2;

/// multiply_tiles for kRows rows and each number of vectors, at [vectors - 1]; null where there is none.
template <class A, std::size_t kRows, bool kColumnA, std::size_t... kVectorsLessOne>
constexpr std::array<TileFunction, kMostVectors<A>> tile_functions_of(
    std::index_sequence<kVectorsLessOne...>) {
  constexpr auto function = []<std::size_t kVectors>() -> TileFunction {
    constexpr std::size_t kMost = (kColumnA ? 1 : panels_of<A>(kRows)) * Shape<A>::vectors;
    if constexpr (kVectors == kHalfPanel<A> || (kVectors % Shape<A>::vectors == 0 && kVectors <= kMost)) {
      return &multiply_tiles<A, kRows, kVectors, kColumnA>;
    } else {
      return nullptr;
    }
  };
  return {function.template operator()<kVectorsLessOne + 1>()...};
}

template <class A, bool kColumnA, std::size_t... kRowsLessOne>
constexpr std::array<std::array<TileFunction, kMostVectors<A>>, Shape<A>::rows> tile_functions(
    std::index_sequence<kRowsLessOne...>) {
  return {tile_functions_of<A, kRowsLessOne + 1, kColumnA>(std::make_index_sequence<kMostVectors<A>>{})...};
}

/// multiply_tiles for `rows` rows and `vectors` vectors, at [rows - 1][vectors - 1].
template <class A, bool kColumnA>
inline constexpr auto kTileFunctions =
    tile_functions<A, kColumnA>(std::make_index_sequence<Shape<A>::rows>{});

}  // namespace dcrnn::kernels::simd
