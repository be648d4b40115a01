// The product, after Goto & van de Geijn, "Anatomy of high-performance matrix multiplication" (2008).
//
// C is made in tiles of mr x nr (tile.hpp). k is cut into blocks of kc, so that a block of a panel stays in
// the first-level cache while the tiles below each other use it; the next block picks the sums up from C.
// Rows are cut into blocks of mc. Columns are not cut (nc = N): R is packed as a whole beforehand, and widths
// are such that it stays in the last-level cache. Whatever the cut, every C(m, n) is the one chain of
// multiply-adds that table.hpp promises.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/simd/lanes.hpp"
#include "kernels/simd/math.hpp"
#include "kernels/simd/tile.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

inline constexpr std::size_t kKc = 512;
/// mc, the rows that use a panel while it is near: as many as leave their part of A in the second-level
/// cache.
inline constexpr std::size_t kMcElements = 65536, kLeastMc = 48, kMostMc = 192;
/// The same where A is read along its columns and perhaps copied, which needs room; mc is a multiple of
/// every mr.
inline constexpr std::size_t kCopiedKc = 256, kCopiedMc = 120;
/// Left in place it costs nothing, if few panels use it and its rows are so near each other that a block of
/// them does not fall on few sets of the first-level cache.
inline constexpr std::size_t kUncopiedN = 96, kUncopiedStride = 256;

/// Elements of R, or of C where A is read along its columns, from which on the parts of it that come next are
/// prefetched, because they are no longer near.
inline constexpr std::size_t kFar = 65536;

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

/// Whole panels of rows that lie in memory as they are packed: some rows of all panels, then the next, so
/// that memory is read as it comes.
template <class A>
void pack_rows(const Pack<float>& p, std::size_t panels) {
  constexpr std::size_t kTogether = 8;
  const std::size_t K = p.to.K;
  for (std::size_t k = 0; k < K; k += kTogether) {
    const std::size_t rows = std::min(kTogether, K - k);
    for (std::size_t panel = 0; panel < panels; ++panel) {
      const float* r = p.r + k * p.k_stride + panel * kNr<A>;
      float* to = p.to.data + panel * kNr<A> * K + k * kNr<A>;
      for (std::size_t i = 0; i < rows; ++i, r += p.k_stride, to += kNr<A>) {
        unroll<Shape<A>::nr_vectors>([&]<std::size_t j>() {
          Vector<A>::load_unaligned(r + j * kLanes<A>).store_unaligned(to + j * kLanes<A>);
        });
      }
    }
  }
}

/// Whole panels of columns that lie in memory as rows: transposed four by four, some k at a time, so that
/// what is written stays in the nearest cache until its lines are full.
template <class A>
void pack_columns(const Pack<float>& p, std::size_t panels) {
  using Four [[gnu::vector_size(16), gnu::aligned(4), gnu::may_alias]] = float;
  constexpr std::size_t kTogether = 64;
  const std::size_t K = p.to.K;
  const auto transpose = [&p](const float* r, float* to) {
    const auto row = [&](std::size_t i) { return *reinterpret_cast<const Four*>(r + i * p.n_stride); };
    const Four a = row(0), b = row(1), c = row(2), d = row(3);
    const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5),
               cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const Four ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7),
               cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    const auto put = [to](std::size_t k, const Four& x) { *reinterpret_cast<Four*>(to + k * kNr<A>) = x; };
    put(0, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
    put(1, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
    put(2, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
    put(3, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
  };
  for (std::size_t panel = 0; panel < panels; ++panel) {
    const float* const r = p.r + panel * kNr<A> * p.n_stride;
    float* const to = p.to.data + panel * kNr<A> * K;
    for (std::size_t first = 0; first < K; first += kTogether) {
      const std::size_t end = std::min(first + kTogether, K);
      for (std::size_t j = 0; j < kNr<A>; j += 4) {
        std::size_t k = first;
        for (; k + 4 <= end; k += 4) transpose(r + j * p.n_stride + k, to + k * kNr<A> + j);
        for (; k < end; ++k) {
          for (std::size_t i = j; i < j + 4; ++i) to[k * kNr<A> + i] = r[i * p.n_stride + k];
        }
      }
    }
  }
}

template <class A>
void pack(const Pack<float>& p) {
  const std::size_t K = p.to.K, N = p.to.N;
  const bool by_rows = p.n_stride == 1, by_columns = !by_rows && p.k_stride == 1;
  const std::size_t panels = by_rows || by_columns ? N / kNr<A> : 0;
  if (by_rows) pack_rows<A>(p, panels);
  if (by_columns) pack_columns<A>(p, panels);
  for (std::size_t n = panels * kNr<A>; n < N; n += kNr<A>) {
    const float* r = p.r + n * p.n_stride;
    float* to = p.to.data + n * K;
    const std::size_t columns = std::min(kNr<A>, N - n);
    for (std::size_t k = 0; k < K; ++k, r += p.k_stride, to += kNr<A>) {
      for (std::size_t j = 0; j < columns; ++j) to[j] = r[j * p.n_stride];
      for (std::size_t j = columns; j < kNr<A>; ++j) to[j] = 0;
    }
  }
}

/// Rows cut into tiles: as many of Shape::mr as can be, and what is left shared by the last two, because a
/// tile of few rows has too few sums to keep the multipliers busy.
template <class A>
struct Tiles {
  static constexpr std::size_t kRows = Shape<A>::mr;
  std::size_t rows, count, whole;  ///< whole: tiles of kRows rows

  explicit Tiles(std::size_t rows_)
      : rows(rows_),
        count((rows + kRows - 1) / kRows),
        whole(rows % kRows == 0 ? count : std::max<std::size_t>(count, 2) - 2) {}
  std::size_t begin(std::size_t i) const {
    return i <= whole ? i * kRows : i == count ? rows : whole * kRows + (rows - whole * kRows + 1) / 2;
  }
  std::size_t size(std::size_t i) const { return i < whole ? kRows : begin(i + 1) - begin(i); }
};

/// Room for the copied rows of a tile, and for what whole vectors write past it.
template <class A>
inline constexpr std::size_t kTileCopy = Shape<A>::mr* kCopiedKc + 2 * kLanes<A>;

/// Copies rows [m, m + tiles.rows) of A tile by tile and k by k: A is read along its columns, which would
/// touch a cache line for every few elements if each tile did it for itself.
template <class A>
void copy_rows(const Matmul<float>& p, std::size_t m, const Tiles<A>& tiles, const Block<A>& ks,
               float* copy) {
  constexpr std::size_t kRows = Shape<A>::mr, kVectors = (kRows + kLanes<A> - 1) / kLanes<A>;
  const float* const a = p.a + m * p.a_row + ks.begin * p.a_col;
  const std::size_t a_row = p.a_row, a_col = p.a_col, K = ks.size();
  // Whole vectors where there is something behind the tile to load; the next k overwrites what is too much.
  const std::size_t whole = a_row == 1 ? tiles.whole : 0;
  const std::size_t room = (kVectors * kLanes<A> + a_col - 1) / a_col;
  const std::size_t safe = K > room ? K - room : 0;
  const float* row = a;
  float* to = copy;
  for (std::size_t k = 0; k < safe; ++k, row += a_col, to += kRows) {
    for (std::size_t i = 0; i < whole; ++i) {
      unroll<kVectors>([&]<std::size_t j>() {
        Vector<A>::load_unaligned(row + i * kRows + j * kLanes<A>)
            .store_unaligned(to + i * kTileCopy<A> + j * kLanes<A>);
      });
    }
  }
  for (std::size_t i = 0; i < tiles.count; ++i) {
    const std::size_t begin = tiles.begin(i), size = tiles.size(i);
    for (std::size_t k = i < whole ? safe : 0; k < K; ++k) {
      for (std::size_t j = 0; j < size; ++j) {
        copy[i * kTileCopy<A> + k * size + j] = a[(begin + j) * a_row + k * a_col];
      }
    }
  }
}

/// Tiles `width` wide of which only `columns` are there: made beside C.
template <class A>
void multiply_edge_tiles(MicroKernel multiply, const MicroKernelArguments& t, std::size_t rows,
                         std::size_t width, std::size_t columns) {
  constexpr std::size_t kWidth = kMostVectors<A> * kLanes<A>;
  alignas(64) float c[Shape<A>::mr * kWidth];
  alignas(64) float bias[kWidth];
  MicroKernelArguments edge = t;
  edge.tiles = 1;
  edge.c = c;
  edge.ldc = width;
  if (t.epilogue.bias != nullptr) {
    for (std::size_t j = 0; j < width; ++j) bias[j] = j < columns ? t.epilogue.bias[j] : 0.0f;
    edge.epilogue.bias = bias;
  }
  float* to = t.c;
  for (std::size_t tile = 0; tile < t.tiles; ++tile, edge.a += t.a_tile) {
    edge.ahead = tile + 1 == t.tiles ? t.ahead : Prefetch{};
    if (t.epilogue.accumulate) {
      for (std::size_t i = 0; i < rows; ++i) {
        float* const row = c + i * width;
        for_lanes<A>(columns, [&](std::size_t j, auto lanes) {
          Whole<A>{}.store(row + j, lanes.load(to + i * t.ldc + j));
        });
        for (std::size_t j = blocks_of<A>(columns, kLanes<A>) * kLanes<A>; j < width; j += kLanes<A>) {
          Vector<A>(0.0f).store_aligned(row + j);
        }
      }
    }
    multiply(edge);
    for (std::size_t i = 0; i < rows; ++i, to += t.ldc) {
      const float* from = c + i * width;
      for_lanes<A>(columns, [&](std::size_t j, auto lanes) { lanes.store(to + j, lanes.load(from + j)); });
    }
  }
}

/// Where the rows of A lie: in A itself or, tile by tile, in a copy.
template <class A>
struct Left {
  const float* a;
  std::size_t row, stride;  ///< from a row to the next; of MicroKernelArguments
  bool copied = false;

  const float* tile(const Tiles<A>& tiles, std::size_t i) const {
    return copied ? a + i * kTileCopy<A> : a + tiles.begin(i) * row;
  }
};

/// The product of rows [m, m + tiles.rows) with a block of k, for `panels` panels from column n on. Calls
/// finish(m_begin, m_end, n_begin, n_end) for every part of C that is done, while it is in the nearest cache.
template <class A, bool kColumnA, class Finish>
void multiply_panels(const Matmul<float>& p, std::size_t m, const Tiles<A>& tiles, const Block<A>& ks,
                     const Left<A>& left, std::size_t n, std::size_t panels, const Prefetch& ahead,
                     const Finish& finish) {
  const bool last = ks.end == p.r.K;
  const std::size_t columns = std::min(panels * kNr<A>, p.r.N - n);
  const bool half = columns <= kHalfNrVectors<A> * kLanes<A>;
  const std::size_t vectors = half ? kHalfNrVectors<A> : panels * Shape<A>::nr_vectors;
  MicroKernelArguments t;
  t.K = ks.size();
  t.a_tile = left.copied ? kTileCopy<A> : Shape<A>::mr * left.row;
  t.panel_stride = p.r.K * kNr<A>;
  t.b = p.r.data + n * p.r.K + ks.begin * kNr<A>;
  t.ldc = p.ldc;
  t.epilogue.accumulate = p.epilogue.accumulate || ks.begin > 0;
  t.epilogue.bias = last && p.epilogue.bias != nullptr ? p.epilogue.bias + n : nullptr;
  t.epilogue.activation = last ? p.epilogue.activation : Activation::none;
  t.ahead = ahead;
  const auto multiply = [&](std::size_t first, std::size_t count) {
    const std::size_t rows = tiles.size(first);
    t.tiles = count;
    t.a = left.tile(tiles, first);
    t.a_stride = left.copied ? rows : left.stride;
    t.c = p.c + (m + tiles.begin(first)) * p.ldc + n;
    const MicroKernel function = kMicroKernels<A, kColumnA>[rows - 1][vectors - 1];
    if (columns < vectors * kLanes<A>) {
      multiply_edge_tiles<A>(function, t, rows, vectors * kLanes<A>, columns);
    } else {
      function(t);
    }
  };
  if (tiles.whole > 0) multiply(0, tiles.whole);
  for (std::size_t i = tiles.whole; i < tiles.count; ++i) multiply(i, 1);
  if (last) finish(m, m + tiles.rows, n, n + columns);
}

/// What product_of_columns needs when it is done with rows [m, m + kCopiedMc) and the block `ks` of k is:
/// the next rows of C and what it copies of A next. The last panels share it; this is the part of the
/// panel at column n.
template <class A>
Prefetch prefetch_of_rows(const Matmul<float>& p, std::size_t m, const Block<A>& ks, std::size_t n) {
  const bool same_rows = ks.end < p.r.K;
  const std::size_t next = same_rows ? m : m + kCopiedMc;
  if (next >= p.M || ks.size() == 0) return {};
  const std::size_t rows = std::min(kCopiedMc, p.M - next);
  const std::size_t parts_c = same_rows ? 0 : blocks_of<A>(rows * p.ldc, ks.size() * kPrefetched<A>);
  const std::size_t parts_a = blocks_of<A>(rows, kPrefetched<A>) + 1;  // they may begin within a line
  const std::size_t panels = blocks_of<A>(p.r.N - n, kNr<A>);          // left, with this one
  if (panels > parts_c + parts_a) return {};
  const std::size_t part = parts_c + parts_a - panels;
  if (part < parts_c) return {p.c + next * p.ldc + part * ks.size() * kPrefetched<A>, kPrefetched<A>};
  const float* a = p.a + next * p.a_row + (same_rows ? ks.end : 0) * p.a_col;
  return {a + (part - parts_c) * kPrefetched<A>, p.a_col};
}

/// A is read along its columns: a few tiles of rows, copied unless they meet few panels of R.
template <class A, class Finish>
void product_of_columns(const Matmul<float>& p, const Finish& finish) {
  alignas(64) float copy[kCopiedMc / Shape<A>::mr * kTileCopy<A>];
  const bool copied = p.a_row != 1 || p.r.N > kUncopiedN || p.a_col >= kUncopiedStride;
  const std::size_t k_blocks = blocks_of<A>(p.r.K, kCopiedKc);
  const bool far = p.M * p.r.N >= kFar;
  for (std::size_t m = 0; m < p.M; m += kCopiedMc) {
    const Tiles<A> tiles(std::min(kCopiedMc, p.M - m));
    for (std::size_t j = 0; j < k_blocks; ++j) {
      const Block<A> ks(p.r.K, k_blocks, j);
      if (copied) copy_rows<A>(p, m, tiles, ks, copy);
      const Left<A> left{copied ? copy : p.a + m + ks.begin * p.a_col, 1, p.a_col, copied};
      for (std::size_t n = 0; n < p.r.N; n += kNr<A>) {
        const Prefetch ahead = far ? prefetch_of_rows<A>(p, m, ks, n) : Prefetch{};
        multiply_panels<A, true>(p, m, tiles, ks, left, n, 1, ahead, finish);
      }
    }
  }
}

/// matmul but for the activations sigmoid and silu, calling `finish` as multiply_panels does.
template <class A, class Finish>
void product(const Matmul<float>& p, const Finish& finish) {
  if (p.M == 0 || p.r.N == 0) return;
  if (p.a_col != 1) {
    product_of_columns<A>(p, finish);
    return;
  }
  const std::size_t k_blocks = blocks_of<A>(p.r.K, kKc);
  const std::size_t mc = std::clamp<std::size_t>(kMcElements / (p.r.K + 1), kLeastMc, kMostMc);
  const std::size_t row_blocks = blocks_of<A>(p.M, mc);
  const bool far = p.r.K * p.r.N >= kFar;
  for (std::size_t i = 0; i < row_blocks; ++i) {
    const Block<A> rows(p.M, row_blocks, i);
    const Tiles<A> tiles(rows.size());
    const std::size_t most = tiles.count == 1 ? panels_of<A>(rows.size()) : 1;
    const std::size_t all = blocks_of<A>(p.r.N, kNr<A>), groups = blocks_of<A>(all, most);
    for (std::size_t g = 0; g < groups; ++g) {
      const Block<A> group(all, groups, g);
      const std::size_t n = group.begin * kNr<A>, panels = group.size();
      for (std::size_t j = 0; j < k_blocks; ++j) {
        const Block<A> ks(p.r.K, k_blocks, j);
        const Left<A> left{p.a + rows.begin * p.a_row + ks.begin, p.a_row, p.a_row};
        const float* next = p.r.data + n * p.r.K + (ks.end < p.r.K ? ks.end : p.r.K) * kNr<A>;
        const Prefetch ahead = far ? Prefetch{next, kNr<A>} : Prefetch{};
        multiply_panels<A, false>(p, rows.begin, tiles, ks, left, n, panels, ahead, finish);
      }
    }
  }
}

template <class A>
void matmul(const Matmul<float>& p) {
  product<A>(p, [&p](std::size_t m_begin, std::size_t m_end, std::size_t n_begin, std::size_t n_end) {
    const bool times_x = p.epilogue.activation == Activation::silu;
    if (!times_x && p.epilogue.activation != Activation::sigmoid) return;
    for (std::size_t m = m_begin; m < m_end; ++m) {
      float* c = p.c + m * p.ldc + n_begin;
      for_lanes<A>(n_end - n_begin, [c, times_x](std::size_t i, auto lanes) {
        const Vector<A> x = lanes.load(c + i);
        lanes.store(c + i, times_x ? silu<A>(x) : sigmoid<A>(x));
      });
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
