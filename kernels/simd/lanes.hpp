// Vectors, and loops over spans whose tails pass through the same vector code as the rest.
//
// Everything in kernels/simd is a template over the xsimd architecture A, also where A is not needed: these
// headers are compiled several times with different instruction sets, and a function without A in its name
// would be one symbol for all of them, of which the linker keeps any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <xsimd/xsimd.hpp>

namespace dcrnn::kernels::simd {

template <class A, class T = float>
using Vector = xsimd::batch<T, A>;

/// Elements of a Vector.
template <class A, class T = float>
inline constexpr std::size_t kLanes = Vector<A, T>::size;

/// a / b, rounded once (xsimd divides on NEON by an approximate reciprocal).
template <class A>
[[gnu::always_inline]] inline Vector<A> quotient(const Vector<A>& a, const Vector<A>& b) {
#ifdef __aarch64__
  return vdivq_f32(a, b);
#else
  return a / b;
#endif
}

/// a * b + c, rounded once where the instruction set can (xsimd's own is two instructions on AVX-512).
template <class A, class T>
[[gnu::always_inline]] inline xsimd::batch<T, A> multiply_add(const xsimd::batch<T, A>& a,
                                                              const xsimd::batch<T, A>& b,
                                                              const xsimd::batch<T, A>& c) {
#ifdef __AVX512F__
  if constexpr (std::is_same_v<T, float>) {
    return _mm512_fmadd_ps(a, b, c);
  } else {
    return _mm512_fmadd_pd(a, b, c);
  }
#else
  return xsimd::fma(a, b, c);
#endif
}

/// Prefetches the cache line of p, to be read or (kWrite) written soon. The empty assembly keeps GCC from
/// taking a function that does nothing else for one that does nothing.
template <class A, bool kWrite = false>
[[gnu::always_inline]] inline void prefetch(const float* p) {
  __builtin_prefetch(p, kWrite);
  asm volatile("" : : "r"(p));
}

/// Access to a whole vector.
template <class A, class T = float>
struct Whole {
  Vector<A, T> load(const T* from) const { return Vector<A, T>::load_unaligned(from); }
  void store(T* to, const Vector<A, T>& v) const { v.store_unaligned(to); }
};

/// Access to the first `count` < kLanes elements of a vector; the others are loaded as 0 and not stored.
template <class A, class T = float>
struct Part {
  std::size_t count;

  Vector<A, T> load(const T* from) const {
    alignas(64) T padded[kLanes<A, T>] = {};
    for (std::size_t i = 0; i < count; ++i) padded[i] = from[i];
    return Vector<A, T>::load_aligned(padded);
  }
  void store(T* to, const Vector<A, T>& v) const {
    alignas(64) T padded[kLanes<A, T>];
    v.store_aligned(padded);
    for (std::size_t i = 0; i < count; ++i) to[i] = padded[i];
  }
};

#ifdef __AVX2__
/// With a masked load. A masked store would be slow on many processors, so the parts of a power of two are
/// stored one after the other.
template <>
struct Part<xsimd::fma3<xsimd::avx2>, float> {
  using V = Vector<xsimd::fma3<xsimd::avx2>>;
  std::size_t count;

  [[gnu::always_inline]] V load(const float* from) const {
    static constexpr std::int32_t kMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_maskload_ps(from, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMask + 8 - count)));
  }
  [[gnu::always_inline]] void store(float* to, const V& v) const {
    __m128 part = _mm256_castps256_ps128(v);
    if ((count & 4) != 0) {
      _mm_storeu_ps(to, part);
      to += 4;
      part = _mm256_extractf128_ps(v, 1);
    }
    if ((count & 2) != 0) {
      _mm_storel_pi(reinterpret_cast<__m64*>(to), part);
      to += 2;
      part = _mm_movehl_ps(part, part);
    }
    if ((count & 1) != 0) _mm_store_ss(to, part);
  }
};
#endif

#ifdef __AVX512F__
template <>
struct Part<xsimd::avx512bw, float> {
  using V = Vector<xsimd::avx512bw>;
  std::size_t count;

  V load(const float* from) const { return _mm512_maskz_loadu_ps(mask(), from); }
  void store(float* to, const V& v) const { _mm512_mask_storeu_ps(to, mask(), v); }

 private:
  __mmask16 mask() const { return static_cast<__mmask16>((1u << count) - 1); }
};
#endif

/// Calls f(i, lanes) for the vectors of [0, n): `lanes` loads and stores those at i, the last perhaps a Part.
template <class A, class T = float, class F>
[[gnu::always_inline]] inline void for_lanes(std::size_t n, F&& f) {
  std::size_t i = 0;
  for (; i + kLanes<A, T> <= n; i += kLanes<A, T>) f(i, Whole<A, T>{});
  if (i < n) f(i, Part<A, T>{n - i});
}

/// Columns of rows at distance ld to pass over in vectors: D, and of the gap behind it what makes them whole.
template <class A>
constexpr std::size_t spread(std::size_t D, std::size_t ld) {
  return std::min((D + kLanes<A> - 1) / kLanes<A> * kLanes<A>, ld);
}

template <class F, std::size_t... I>
[[gnu::always_inline]] inline void unroll(F& f, std::index_sequence<I...>) {
  (f.template operator()<I>(), ...);
}

/// f.operator()<0>(), ..., f.operator()<N - 1>(), written out one after the other.
template <std::size_t N, class F>
[[gnu::always_inline]] inline void unroll(F&& f) {
  unroll(f, std::make_index_sequence<N>{});
}

}  // namespace dcrnn::kernels::simd
