// The product, after Goto & van de Geijn, "Anatomy of high-performance matrix multiplication" (2008).
//
// C is made tile by tile (tile.hpp). k is cut into blocks, so that a block of a panel stays in the
// first-level cache while the tiles below each other use it; the next block picks the sums up from C.
// Whatever the cut, every C(m, n) is the one chain of multiply-adds that table.hpp promises.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/simd/lanes.hpp"
#include "kernels/simd/math.hpp"
#include "kernels/simd/tile.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

inline constexpr std::size_t kBlockK = 512;  ///< k in a block
/// Rows that use a panel while it is near: as many as leave their part of A in the second-level cache.
inline constexpr std::size_t kNearA = 65536, kLeastRows = 48, kMostRows = 192;
/// The same where A is copied, which needs room: k in a block, and rows, a multiple of every Shape::rows.
inline constexpr std::size_t kCopiedK = 256, kCopiedRows = 60;

/// Block `i` of [0, n) cut into `count` blocks as equal as can be.
template <class A>
struct Block {
  std::size_t begin, end;
  Block(std::size_t n, std::size_t count, std::size_t i) : begin(n * i / count), end(n * (i + 1) / count) {}
  std::size_t size() const { return end - begin; }
};

/// Fewest blocks of at most `most` that make up n, at least one.
template <class A>
std::size_t blocks_of(std::size_t n, std::size_t most) {
  return std::max<std::size_t>(1, (n + most - 1) / most);
}

template <class A>
void pack(const Pack<float>& p) {
  for (std::size_t n = 0; n < p.N; n += kPanel<A>) {
    const float* r = p.r + n * p.n_stride;
    float* panel = p.packed + n / kPanel<A> * p.panel_stride;
    const std::size_t columns = std::min(kPanel<A>, p.N - n);
    if (p.n_stride == 1 && columns == kPanel<A>) {
      for (std::size_t k = 0; k < p.K; ++k) {
        for (std::size_t j = 0; j < kPanel<A>; ++j) panel[k * kPanel<A> + j] = r[k * p.k_stride + j];
      }
      continue;
    }
    for (std::size_t k = 0; k < p.K; ++k) {
      float* to = panel + k * kPanel<A>;
      for (std::size_t j = 0; j < columns; ++j) to[j] = r[k * p.k_stride + j * p.n_stride];
      for (std::size_t j = columns; j < kPanel<A>; ++j) to[j] = 0;
    }
  }
}

/// Room for the copied rows of a tile, and for what whole vectors write past it.
template <class A>
inline constexpr std::size_t kTileCopy = Shape<A>::rows* kCopiedK + 2 * kLanes<A>;

/// Copies `tiles` tiles of rows from `a` on, which lies as A(i, k) = a[k * a_col + i].
template <class A>
void copy_tiles(const float* a, std::size_t a_col, std::size_t tiles, std::size_t K, float* copy) {
  constexpr std::size_t kRows = Shape<A>::rows, kWhole = kRows / kLanes<A> * kLanes<A>;
  const auto copy_row = [](const float* from, float* to, bool last) {
    unroll<kWhole / kLanes<A>>([&]<std::size_t i>() {
      Vector<A>::load_unaligned(from + i * kLanes<A>).store_unaligned(to + i * kLanes<A>);
    });
    if constexpr (kWhole < kRows) {
      // A whole vector where there is something behind it to load; what is too much is overwritten by the
      // next k.
      const Vector<A> rest =
          last ? Part<A>{kRows - kWhole}.load(from + kWhole) : Vector<A>::load_unaligned(from + kWhole);
      rest.store_unaligned(to + kWhole);
    }
  };
  for (std::size_t k = 0; k < K; ++k, a += a_col, copy += kRows) {
    for (std::size_t i = 0; i + 1 < tiles; ++i) copy_row(a + i * kRows, copy + i * kTileCopy<A>, false);
    copy_row(a + (tiles - 1) * kRows, copy + (tiles - 1) * kTileCopy<A>, true);
  }
}

/// Copies rows [m, m + count) of A tile by tile and k by k: it is read along its columns, which would touch a
/// cache line for every few elements if each tile did it for itself.
template <class A>
void copy_rows(const Matmul<float>& p, std::size_t m, std::size_t count, const Block<A>& ks, float* copy) {
  constexpr std::size_t kRows = Shape<A>::rows;
  static_assert(kRows > kLanes<A> || kLanes<A> - kRows < kRows);  // what whole vectors load beyond is there
  std::size_t done = 0;
  if (p.a_row == 1 && count >= kRows) {
    copy_tiles<A>(p.a + m + ks.begin * p.a_col, p.a_col, count / kRows, ks.size(), copy);
    done = count / kRows * kRows;
  }
  for (std::size_t i = done; i < count; i += kRows) {
    const std::size_t size = std::min(kRows, count - i);
    const float* a = p.a + (m + i) * p.a_row + ks.begin * p.a_col;
    float* to = copy + i / kRows * kTileCopy<A>;
    for (std::size_t k = 0; k < ks.size(); ++k) {
      for (std::size_t j = 0; j < size; ++j) to[k * size + j] = a[k * p.a_col + j * p.a_row];
    }
  }
}

/// One tile whose last panel is only partly there: made beside C.
template <class A>
void multiply_edge_tile(TileFunction multiply, TileArguments t, std::size_t rows, std::size_t columns) {
  constexpr std::size_t kWidth = kMostPanels<A> * kPanel<A>;
  alignas(64) float c[Shape<A>::rows * kPanel<A> * kMostPanels<A>];
  alignas(64) float bias[kWidth];
  const std::size_t width = blocks_of<A>(columns, kPanel<A>) * kPanel<A>;
  if (t.resume) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < width; ++j) c[i * width + j] = j < columns ? t.c[i * t.ldc + j] : 0.0f;
    }
  }
  TileArguments edge = t;
  edge.c = c;
  edge.ldc = width;
  if (t.bias != nullptr) {
    for (std::size_t j = 0; j < width; ++j) bias[j] = j < columns ? t.bias[j] : 0.0f;
    edge.bias = bias;
  }
  multiply(edge);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* from = c + i * width;
    float* to = t.c + i * t.ldc;
    for_lanes<A>(columns, [&](std::size_t j, auto lanes) { lanes.store(to + j, lanes.load(from + j)); });
  }
}

/// The product of rows [m, m + rows) with a block of k, for `panels` panels from column n on. Calls
/// finish(m_begin, m_end, n_begin, n_end) for every part of C that is done, while it is in the nearest cache.
template <class A, bool kCopiedA, class Finish>
void multiply_panels(const Matmul<float>& p, std::size_t m, std::size_t rows, const Block<A>& ks,
                     const float* a, std::size_t n, std::size_t panels, const Finish& finish) {
  const bool last = ks.end == p.K;
  const std::size_t columns = std::min(panels * kPanel<A>, p.N - n);
  TileArguments t;
  t.K = ks.size();
  t.a = a;
  t.a_row = p.a_row;
  t.b = p.packed + n / kPanel<A> * p.panel_stride + ks.begin * kPanel<A>;
  t.panel_stride = p.panel_stride;
  t.c = p.c + m * p.ldc + n;
  t.ldc = p.ldc;
  t.resume = p.accumulate || ks.begin > 0;
  t.bias = last && p.bias != nullptr ? p.bias + n : nullptr;
  t.relu = last && p.activation == Activation::relu;
  const TileFunction multiply = kTileFunctions<A, kCopiedA>[rows - 1][panels - 1];
  if (columns < panels * kPanel<A>) {
    multiply_edge_tile<A>(multiply, t, rows, columns);
  } else {
    multiply(t);
  }
  if (last) finish(m, m + rows, n, n + columns);
}

/// A is read along its columns: a few tiles of rows are copied and meet all of R.
template <class A, class Finish>
void product_of_copied_rows(const Matmul<float>& p, const Finish& finish) {
  constexpr std::size_t kRows = Shape<A>::rows;
  alignas(64) float copy[kCopiedRows / kRows * kTileCopy<A>];
  const std::size_t k_blocks = blocks_of<A>(p.K, kCopiedK);
  for (std::size_t m = 0; m < p.M; m += kCopiedRows) {
    const std::size_t count = std::min(kCopiedRows, p.M - m);
    for (std::size_t j = 0; j < k_blocks; ++j) {
      const Block<A> ks(p.K, k_blocks, j);
      copy_rows<A>(p, m, count, ks, copy);
      for (std::size_t n = 0; n < p.N; n += kPanel<A>) {
        for (std::size_t i = 0; i < count; i += kRows) {
          multiply_panels<A, true>(p, m + i, std::min(kRows, count - i), ks, copy + i / kRows * kTileCopy<A>,
                                   n, 1, finish);
        }
      }
    }
  }
}

/// matmul but for the activation sigmoid, calling `finish` as multiply_panels does.
template <class A, class Finish>
void product(const Matmul<float>& p, const Finish& finish) {
  if (p.M == 0) return;
  if (p.a_col != 1) {
    product_of_copied_rows<A>(p, finish);
    return;
  }
  const std::size_t k_blocks = blocks_of<A>(p.K, kBlockK);
  const std::size_t near_rows = std::clamp<std::size_t>(kNearA / (p.K + 1), kLeastRows, kMostRows);
  const std::size_t row_blocks = blocks_of<A>(p.M, near_rows);
  for (std::size_t i = 0; i < row_blocks; ++i) {
    const Block<A> rows(p.M, row_blocks, i);
    const std::size_t tiles = blocks_of<A>(rows.size(), Shape<A>::rows);
    const std::size_t together = tiles == 1 ? panels_of<A>(rows.size()) : 1;
    for (std::size_t n = 0; n < p.N; n += together * kPanel<A>) {
      const std::size_t panels = std::min(together, blocks_of<A>(p.N - n, kPanel<A>));
      for (std::size_t j = 0; j < k_blocks; ++j) {
        const Block<A> ks(p.K, k_blocks, j);
        for (std::size_t k = 0; k < tiles; ++k) {
          const Block<A> tile(rows.size(), tiles, k);
          const std::size_t m = rows.begin + tile.begin;
          multiply_panels<A, false>(p, m, tile.size(), ks, p.a + m * p.a_row + ks.begin, n, panels, finish);
        }
      }
    }
  }
}

template <class A>
void matmul(const Matmul<float>& p) {
  product<A>(p, [&p](std::size_t m_begin, std::size_t m_end, std::size_t n_begin, std::size_t n_end) {
    if (p.activation != Activation::sigmoid) return;
    for (std::size_t m = m_begin; m < m_end; ++m) {
      float* c = p.c + m * p.ldc + n_begin;
      for_lanes<A>(n_end - n_begin,
                   [c](std::size_t i, auto lanes) { lanes.store(c + i, sigmoid<A>(lanes.load(c + i))); });
    }
  });
}

template <class A>
void column_sums(const ColumnSums<float>& p) {
  constexpr std::size_t kTogether = 4;  // vectors of columns: a cache line or more of every row
  const auto sum_columns = [&p]<std::size_t kVectors>(std::size_t n, auto lanes) {
    Vector<A> sum[kVectors];
    unroll<kVectors>([&]<std::size_t j>() {
      sum[j] = p.accumulate ? lanes.load(p.out + n + j * kLanes<A>) : Vector<A>(0.0f);
    });
    for (std::size_t b = 0; b < p.B; ++b) {
      const float* x = p.x + b * p.ldx + n;
      unroll<kVectors>([&]<std::size_t j>() { sum[j] = sum[j] + lanes.load(x + j * kLanes<A>); });
    }
    unroll<kVectors>([&]<std::size_t j>() { lanes.store(p.out + n + j * kLanes<A>, sum[j]); });
  };
  std::size_t n = 0;
  for (; n + kTogether * kLanes<A> <= p.N; n += kTogether * kLanes<A>) {
    sum_columns.template operator()<kTogether>(n, Whole<A>{});
  }
  for_lanes<A>(p.N - n, [&](std::size_t i, auto lanes) { sum_columns.template operator()<1>(n + i, lanes); });
}

}  // namespace dcrnn::kernels::simd
