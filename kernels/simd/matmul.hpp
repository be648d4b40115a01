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

inline constexpr std::size_t kBlockK = 256;  ///< k in a block
/// Rows that use a panel while it is near: as many as leave their part of A in the second-level cache.
inline constexpr std::size_t kNearA = 65536, kLeastRows = 48, kMostRows = 192;
inline constexpr std::size_t kCopiedRows =
    60;  ///< the same where A is copied; a multiple of every Shape::rows

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
inline constexpr std::size_t kTileCopy = Shape<A>::rows* kBlockK + 2 * kLanes<A>;

/// Copies the rows `rows` of A, from k0 on, tile by tile and k by k: it is read along its columns, which
/// would touch a cache line for every few elements if each tile did it for itself.
template <class A>
void copy_rows(const Matmul<float>& p, const Block<A>& rows, const Block<A>& ks, float* copy) {
  constexpr std::size_t kTiles = kCopiedRows / Shape<A>::rows;
  constexpr std::size_t kCopied = (Shape<A>::rows + kLanes<A> - 1) / kLanes<A> * kLanes<A>;
  const std::size_t tiles = blocks_of<A>(rows.size(), Shape<A>::rows);
  std::size_t begin[kTiles + 1] = {};
  for (std::size_t i = 0; i < tiles; ++i) begin[i + 1] = Block<A>(rows.size(), tiles, i).end;

  for (std::size_t k = 0; k < ks.size(); ++k) {
    const float* a = p.a + rows.begin * p.a_row + (ks.begin + k) * p.a_col;
    for (std::size_t i = 0; i < tiles; ++i) {
      const std::size_t size = begin[i + 1] - begin[i];
      float* to = copy + i * kTileCopy<A> + k * size;
      if (p.a_row == 1 && rows.begin + begin[i] + kCopied <= p.M) {
        // Whole vectors: what is too much is overwritten by the next k.
        for (std::size_t j = 0; j < kCopied; j += kLanes<A>) {
          Vector<A>::load_unaligned(a + begin[i] + j).store_unaligned(to + j);
        }
      } else {
        for (std::size_t j = 0; j < size; ++j) to[j] = a[(begin[i] + j) * p.a_row];
      }
    }
  }
}

/// One tile whose last panel is only partly there: made beside C.
template <class A>
void multiply_edge_tile(TileFunction multiply, TileArguments t, std::size_t rows, std::size_t columns) {
  alignas(64) float c[Shape<A>::rows * kPanel<A>];
  alignas(64) float bias[kPanel<A>] = {};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < kPanel<A>; ++j) {
      c[i * kPanel<A> + j] = t.resume && j < columns ? t.c[i * t.ldc + j] : 0.0f;
    }
  }
  if (t.bias != nullptr) std::copy_n(t.bias, columns, bias);
  TileArguments edge = t;
  edge.c = c;
  edge.ldc = kPanel<A>;
  if (t.bias != nullptr) edge.bias = bias;
  multiply(edge);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) t.c[i * t.ldc + j] = c[i * kPanel<A> + j];
  }
}

/// The product of a block of rows with a block of k, for `panels` panels from column n on. Calls
/// finish(m_begin, m_end, n_begin, n_end) for every part of C that is done, while it is in the nearest cache.
template <class A, bool kCopiedA, class Finish>
void multiply_panels(const Matmul<float>& p, const Block<A>& rows, const Block<A>& ks, const float* copy,
                     std::size_t n, std::size_t panels, const Finish& finish) {
  const bool last = ks.end == p.K;
  const std::size_t columns = std::min(panels * kPanel<A>, p.N - n);
  const std::size_t tiles = blocks_of<A>(rows.size(), Shape<A>::rows);
  for (std::size_t i = 0; i < tiles; ++i) {
    const Block<A> tile(rows.size(), tiles, i);
    const std::size_t m = rows.begin + tile.begin;
    TileArguments t;
    t.K = ks.size();
    t.a = kCopiedA ? copy + i * kTileCopy<A> : p.a + m * p.a_row + ks.begin;
    t.a_row = p.a_row;
    t.b = p.packed + n / kPanel<A> * p.panel_stride + ks.begin * kPanel<A>;
    t.panel_stride = p.panel_stride;
    t.c = p.c + m * p.ldc + n;
    t.ldc = p.ldc;
    t.resume = p.accumulate || ks.begin > 0;
    t.bias = last && p.bias != nullptr ? p.bias + n : nullptr;
    t.relu = last && p.activation == Activation::relu;
    if (columns < panels * kPanel<A>) {
      multiply_edge_tile<A>(kTileFunctions<A, kCopiedA, true>[tile.size() - 1], t, tile.size(), columns);
    } else if (panels == 1) {
      kTileFunctions<A, kCopiedA, true>[tile.size() - 1](t);
    } else {
      kTileFunctions<A, kCopiedA, false>[tile.size() - 1](t);
    }
    if (last) finish(m, m + tile.size(), n, n + columns);
  }
}

/// Calls f(n, panels) for all columns of `p`, as many panels together as a tile of `rows` rows spans.
template <class A, class F>
void for_panels(const Matmul<float>& p, std::size_t rows, F&& f) {
  const std::size_t together = rows <= Shape<A>::rows ? panels_of<A>(rows) : 1;
  std::size_t panels = 1;
  for (std::size_t n = 0; n < p.N; n += panels * kPanel<A>) {
    panels = n + together * kPanel<A> <= p.N ? together : 1;
    f(n, panels);
  }
}

/// matmul but for the activation sigmoid, calling `finish` as multiply_panels does.
template <class A, class Finish>
void product(const Matmul<float>& p, const Finish& finish) {
  if (p.M == 0) return;
  const std::size_t k_blocks = blocks_of<A>(p.K, kBlockK);
  if (p.a_col != 1) {
    alignas(64) float copy[kCopiedRows / Shape<A>::rows * kTileCopy<A>];
    const std::size_t row_blocks = blocks_of<A>(p.M, kCopiedRows);
    for (std::size_t i = 0; i < row_blocks; ++i) {
      const Block<A> rows(p.M, row_blocks, i);
      for (std::size_t j = 0; j < k_blocks; ++j) {
        const Block<A> ks(p.K, k_blocks, j);
        copy_rows<A>(p, rows, ks, copy);
        for_panels<A>(p, rows.size(), [&](std::size_t n, std::size_t panels) {
          multiply_panels<A, true>(p, rows, ks, copy, n, panels, finish);
        });
      }
    }
    return;
  }
  const std::size_t near_rows = std::clamp<std::size_t>(kNearA / (p.K + 1), kLeastRows, kMostRows);
  const std::size_t row_blocks = blocks_of<A>(p.M, near_rows);
  for (std::size_t i = 0; i < row_blocks; ++i) {
    const Block<A> rows(p.M, row_blocks, i);
    for_panels<A>(p, rows.size(), [&](std::size_t n, std::size_t panels) {
      for (std::size_t j = 0; j < k_blocks; ++j) {
        multiply_panels<A, false>(p, rows, Block<A>(p.K, k_blocks, j), nullptr, n, panels, finish);
      }
    });
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
