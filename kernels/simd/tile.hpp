// The micro-kernel: a tile of C, mr rows times nr columns (or fewer rows times a few panels), small enough to
// live in registers while k runs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "kernels/operand.hpp"
#include "kernels/simd/lanes.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

/// Tile of an architecture: its sums fill the registers, less those for a row of R and an element of A.
template <class A>
struct Shape {
  static constexpr std::size_t mr = 6;             ///< rows of a tile of one panel
  static constexpr std::size_t nr_vectors = 2;     ///< of a panel
  static constexpr std::size_t accumulators = 12;  ///< vectors of a tile at most
};
template <>
struct Shape<xsimd::avx512bw> {
  static constexpr std::size_t mr = 12;
  static constexpr std::size_t nr_vectors = 2;
  static constexpr std::size_t accumulators = 24;
};
template <>
struct Shape<xsimd::neon64> {
  static constexpr std::size_t mr = 6;
  static constexpr std::size_t nr_vectors = 4;
  static constexpr std::size_t accumulators = 24;
};

/// Columns of a panel.
template <class A>
inline constexpr std::size_t kNr = Shape<A>::nr_vectors* kLanes<A>;

/// Panels that a tile may span.
template <class A>
inline constexpr std::size_t kMostPanels = 6;

/// Most panels that a tile of `rows` rows spans: few rows have too few sums in one panel to keep the
/// multipliers busy.
template <class A>
constexpr std::size_t panels_of(std::size_t rows) {
  return std::clamp<std::size_t>(Shape<A>::accumulators / (rows * Shape<A>::nr_vectors), 1, kMostPanels<A>);
}

/// Memory that will be needed soon: kPrefetched elements at each place.
struct Prefetch {
  const float* first;  ///< null: nothing
  std::size_t stride;
};
template <class A>
inline constexpr std::size_t kPrefetched = std::max<std::size_t>(kNr<A>, 16);

/// Tiles below each other.
struct MicroKernelArguments {
  std::size_t tiles, K;
  const float* a;  ///< A(i, k) = a[i * a_stride + k], or along the columns: a[i + k * a_stride]
  std::size_t a_stride;
  std::size_t a_tile;  ///< from a tile's A to the next one's
  const float* b;
  std::size_t panel_stride;
  float* c;
  std::size_t ldc;
  Epilogue<float> epilogue;  ///< sigmoid, silu: left to the caller
  Prefetch ahead;  ///< by the last tile, a place every round of k, if it has Shape::mr rows and one panel
};

/// Tiles of kRows rows and kVectors vectors of columns: whole panels, or half of one.
template <class A, std::size_t kRows, std::size_t kVectors, bool kColumnA>
void micro_kernel(const MicroKernelArguments& t) {
  constexpr std::size_t kTogether = 6;  // rows of A that are reached from one pointer
  const std::size_t a_row = kColumnA ? 1 : t.a_stride, a_col = kColumnA ? t.a_stride : 1;
  const std::size_t panel_stride = t.panel_stride, ldc = t.ldc;
  const float* tile_a = t.a;
  float* c = t.c;
  for (std::size_t tile = t.tiles; tile > 0; --tile, tile_a += t.a_tile, c += kRows * ldc) {
    Vector<A> sum[kRows][kVectors];
    // Where C is not read first it is needed at the end of this tile; else the next tile's at its beginning.
    float* const needed = !t.epilogue.accumulate ? c
                          : tile > 1             ? c + kRows * ldc
                                                 : t.c + kVectors * kLanes<A>;
    unroll<kRows>([&]<std::size_t i>() {  // a panel may begin within a line
      unroll<(kVectors + Shape<A>::nr_vectors - 1) / Shape<A>::nr_vectors>([&]<std::size_t j>() {
        prefetch<A, true>(needed + i * ldc + j * kNr<A>);
        prefetch<A, true>(needed + i * ldc + std::min((j + 1) * kNr<A>, kVectors * kLanes<A>) - 1);
      });
      unroll<kVectors>([&]<std::size_t j>() { sum[i][j] = Vector<A>(0.0f); });
    });
    if (t.epilogue.accumulate) {
      unroll<kRows>([&]<std::size_t i>() {
        unroll<kVectors>(
            [&]<std::size_t j>() { sum[i][j] = Vector<A>::load_unaligned(c + i * ldc + j * kLanes<A>); });
      });
    }

    const float* a[(kRows + kTogether - 1) / kTogether];
    unroll<(kRows + kTogether - 1) / kTogether>(
        [&]<std::size_t i>() { a[i] = tile_a + i * kTogether * a_row; });
    const float* b = t.b;
    const auto rounds = [&]<bool kPrefetch>() __attribute__((always_inline)) {
      const float* ahead = t.ahead.first;
#pragma GCC unroll 8  // so few rounds that the processor can foresee the last
      for (std::size_t k = t.K; k > 0; --k) {
        Vector<A> r[kVectors];
        unroll<kVectors>([&]<std::size_t j>() {
          r[j] = Vector<A>::load_unaligned(b + j / Shape<A>::nr_vectors * panel_stride +
                                           j % Shape<A>::nr_vectors * kLanes<A>);
        });
        if constexpr (kPrefetch) {
          unroll<kPrefetched<A> / 16>([&]<std::size_t j>() { prefetch<A>(ahead + j * 16); });
          ahead += t.ahead.stride;
        }
        unroll<kRows>([&]<std::size_t i>() {
          const Vector<A> element(a[i / kTogether][i % kTogether * a_row]);
          unroll<kVectors>([&]<std::size_t j>() { sum[i][j] = multiply_add(element, r[j], sum[i][j]); });
        });
        for (const float*& rows : a) rows += a_col;
        b += kNr<A>;
      }
    };
    bool prefetches = false;
    if constexpr (kRows == Shape<A>::mr && kVectors == Shape<A>::nr_vectors) {
      prefetches = tile == 1 && t.ahead.first != nullptr;
      if (prefetches) rounds.template operator()<true>();
    }
    if (!prefetches) rounds.template operator()<false>();

    if (t.epilogue.bias != nullptr) {
      unroll<kVectors>([&]<std::size_t j>() {
        const Vector<A> bias = Vector<A>::load_unaligned(t.epilogue.bias + j * kLanes<A>);
        unroll<kRows>([&]<std::size_t i>() { sum[i][j] = sum[i][j] + bias; });
      });
    }
    if (t.epilogue.activation == Activation::relu) {
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

using MicroKernel = void (*)(const MicroKernelArguments&);

/// Most vectors of columns of a tile.
template <class A>
inline constexpr std::size_t kMostVectors = kMostPanels<A>* Shape<A>::nr_vectors;

/// Vectors of columns that the narrower tiles have: half a panel.
template <class A>
inline constexpr std::size_t kHalfNrVectors = Shape<A>::nr_vectors / 2;

/// micro_kernel for kRows rows and each number of vectors, at [vectors - 1]; null where there is none.
template <class A, std::size_t kRows, bool kColumnA, std::size_t... kVectorsLessOne>
constexpr std::array<MicroKernel, kMostVectors<A>> micro_kernels_of(std::index_sequence<kVectorsLessOne...>) {
  constexpr auto function = []<std::size_t kVectors>() -> MicroKernel {
    constexpr std::size_t kMost = (kColumnA ? 1 : panels_of<A>(kRows)) * Shape<A>::nr_vectors;
    if constexpr (kVectors == kHalfNrVectors<A> ||
                  (kVectors % Shape<A>::nr_vectors == 0 && kVectors <= kMost)) {
      return &micro_kernel<A, kRows, kVectors, kColumnA>;
    } else {
      return nullptr;
    }
  };
  return {function.template operator()<kVectorsLessOne + 1>()...};
}

template <class A, bool kColumnA, std::size_t... kRowsLessOne>
constexpr std::array<std::array<MicroKernel, kMostVectors<A>>, Shape<A>::mr> micro_kernels(
    std::index_sequence<kRowsLessOne...>) {
  return {micro_kernels_of<A, kRowsLessOne + 1, kColumnA>(std::make_index_sequence<kMostVectors<A>>{})...};
}

/// micro_kernel for `rows` rows and `vectors` vectors, at [rows - 1][vectors - 1].
template <class A, bool kColumnA>
inline constexpr auto kMicroKernels = micro_kernels<A, kColumnA>(std::make_index_sequence<Shape<A>::mr>{});

}  // namespace dcrnn::kernels::simd
