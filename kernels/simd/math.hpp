// exp, tanh and the logistic function on vectors: the range is reduced as in Cephes (expf.c). Errors are
// below 2.5 ulp; NaN goes in and comes out.
#pragma once

#include <cstdint>

#include "kernels/simd/lanes.hpp"

namespace dcrnn::kernels::simd {

/// exp(x) = (1 + q) * 2^n with q in [-0.3, 0.42] and n whole, for |x| below 2^21.
template <class A>
struct ReducedExp {
  Vector<A> q, n, shifted;

  explicit ReducedExp(const Vector<A>& x) {
    // Adding 1.5 * 2^23 leaves no bits for a fraction: it rounds to the nearest whole number.
    const Vector<A> whole(12582912.0f);
    shifted = multiply_add(x, Vector<A>(1.44269504088896341f), whole);
    n = shifted - whole;
    // r = x - n log 2; the first part of log 2 is so short that n times it is exact.
    Vector<A> r = multiply_add(n, Vector<A>(-0.693359375f), x);
    r = multiply_add(n, Vector<A>(2.12194440e-4f), r);
    // exp(r) = 1 + r + r^2 p(r), p of degree 4 fitted for the least relative error (3e-9); the terms are
    // paired to make the chain of dependent operations short.
    const Vector<A> r2 = r * r;
    const Vector<A> low = multiply_add(r, Vector<A>(1.6666521e-1f), Vector<A>(4.9999994e-1f));
    Vector<A> high = multiply_add(r, Vector<A>(8.3687454e-3f), Vector<A>(4.1668389e-2f));
    high = multiply_add(r2, Vector<A>(1.3814541e-3f), high);
    q = multiply_add(multiply_add(high, r2, low), r2, r);
  }

  /// 2^n for n in [-126, 127]: the last bits of `shifted` are those of n.
  Vector<A> scale() const {
    using Bits = xsimd::batch<std::int32_t, A>;
    return xsimd::bitwise_cast<Vector<A>>((xsimd::bitwise_cast<Bits>(shifted) << 23) + Bits(127 << 23));
  }
};

/// x cut to [low, high]; a NaN stays.
template <class A>
Vector<A> clamp(const Vector<A>& x, float low, float high) {
  return xsimd::min(Vector<A>(high), xsimd::max(Vector<A>(low), x));
}

/// exp(x) for any x.
template <class A>
Vector<A> exp(const Vector<A>& x) {
  const ReducedExp<A> e(clamp<A>(x, -104.0f, 89.0f));  // beyond these the result is 0 or infinite
  // n can lie outside the exponents of normal numbers, its halves cannot.
  const auto n = xsimd::to_int(e.n);
  const auto half = n >> 1;
  return xsimd::ldexp(xsimd::ldexp(e.q + Vector<A>(1.0f), half), n - half);
}

/// sigma(x) and sigma(-x), both with all their digits, from one exponential; below 2^-126 the one is 0, the
/// other about 2^-126.
template <class A>
struct Logistic {
  Vector<A> value, complement;

  [[gnu::always_inline]] explicit Logistic(const Vector<A>& x) {
    constexpr float kEnd = 87.33654f;
    const ReducedExp<A> e(clamp<A>(-x, -kEnd, kEnd));
    const Vector<A> one(1.0f);
    const Vector<A> scale = e.scale();
    const Vector<A> exp = multiply_add(e.q, scale, scale);  // exp(-x)
    const Vector<A> sigma = quotient<A>(one, one + exp);
    value = xsimd::select(x < Vector<A>(-kEnd), Vector<A>(0.0f), sigma);
    complement = exp * sigma;
  }
};

template <class A>
[[gnu::always_inline]] inline Vector<A> sigmoid(const Vector<A>& x) {
  return Logistic<A>(x).value;
}

/// silu(x) = x sigma(x).
template <class A>
[[gnu::always_inline]] inline Vector<A> silu(const Vector<A>& x) {
  return x * sigmoid<A>(x);
}

/// tanh(x) = t / (t + 2) with t = exp(2 x) - 1, which keeps its digits near 0: t = q 2^n + (2^n - 1).
template <class A>
[[gnu::always_inline]] inline Vector<A> tanh(const Vector<A>& x) {
  const Vector<A> cut = clamp<A>(x, -10.0f, 10.0f);
  const ReducedExp<A> e(cut + cut);
  const Vector<A> scale = e.scale();
  const Vector<A> t = multiply_add(e.q, scale, scale - Vector<A>(1.0f));
  return quotient<A>(t, t + Vector<A>(2.0f));
}

}  // namespace dcrnn::kernels::simd
