// exp, tanh and the logistic function on vectors: range reduction and minimax polynomials as in Cephes
// (expf.c, tanhf.c). Errors are below 2.5 ulp; NaN goes in and comes out.
#pragma once

#include "kernels/simd/lanes.hpp"

namespace dcrnn::kernels::simd {

/// exp(x) = p * 2^n with p in [0.7, 1.42] and n whole, for |x| below 2^21.
template <class A>
struct ReducedExp {
  Vector<A> p, n;

  explicit ReducedExp(const Vector<A>& x) {
    // Adding 1.5 * 2^23 leaves no bits for a fraction: it rounds to the nearest whole number.
    const Vector<A> whole(12582912.0f);
    n = xsimd::fma(x, Vector<A>(1.44269504088896341f), whole) - whole;
    // r = x - n log 2; the first part of log 2 is so short that n times it is exact.
    Vector<A> r = xsimd::fma(n, Vector<A>(-0.693359375f), x);
    r = xsimd::fma(n, Vector<A>(2.12194440e-4f), r);
    Vector<A> q(1.9875691500e-4f);
    q = xsimd::fma(q, r, Vector<A>(1.3981999507e-3f));
    q = xsimd::fma(q, r, Vector<A>(8.3334519073e-3f));
    q = xsimd::fma(q, r, Vector<A>(4.1665795894e-2f));
    q = xsimd::fma(q, r, Vector<A>(1.6666665459e-1f));
    q = xsimd::fma(q, r, Vector<A>(5.0000001201e-1f));
    p = xsimd::fma(q, r * r, r) + Vector<A>(1.0f);
  }
};

/// exp(x) for any x.
template <class A>
Vector<A> exp(const Vector<A>& x) {
  // Beyond these the result is 0 or infinite; written so that a NaN stays.
  const Vector<A> low(-104.0f), high(89.0f);
  Vector<A> clamped = xsimd::select(x < low, low, x);
  clamped = xsimd::select(clamped > high, high, clamped);
  const ReducedExp<A> e(clamped);
  // n can lie outside the exponents of normal numbers, its halves cannot.
  const auto n = xsimd::to_int(e.n);
  const auto half = n >> 1;
  return xsimd::ldexp(xsimd::ldexp(e.p, half), n - half);
}

/// exp(x) for x <= 0; results below 2^-126 are 0.
template <class A>
[[gnu::always_inline]] inline Vector<A> exp_of_negative(const Vector<A>& x) {
  const Vector<A> low(-87.33654f);
  const ReducedExp<A> e(xsimd::select(x < low, low, x));
  return xsimd::select(x < low, Vector<A>(0.0f), xsimd::ldexp(e.p, xsimd::to_int(e.n)));
}

/// sigma(x) and sigma(-x), both with all their digits, from one exponential.
template <class A>
struct Logistic {
  Vector<A> value, complement;

  [[gnu::always_inline]] explicit Logistic(const Vector<A>& x) {
    const Vector<A> one(1.0f);
    const Vector<A> e = exp_of_negative<A>(-xsimd::abs(x));
    const Vector<A> large = one / (one + e);  // sigma(|x|)
    const Vector<A> small = e * large;        // sigma(-|x|)
    const auto negative = x < Vector<A>(0.0f);
    value = xsimd::select(negative, small, large);
    complement = xsimd::select(negative, large, small);
  }
};

template <class A>
[[gnu::always_inline]] inline Vector<A> sigmoid(const Vector<A>& x) {
  return Logistic<A>(x).value;
}

template <class A>
[[gnu::always_inline]] inline Vector<A> tanh(const Vector<A>& x) {
  const Vector<A> one(1.0f);
  const Vector<A> size = xsimd::abs(x);
  const Vector<A> e = exp_of_negative<A>(Vector<A>(-2.0f) * size);
  const Vector<A> far = (one - e) / (one + e);

  const Vector<A> square = x * x;
  Vector<A> q(-5.70498872745e-3f);
  q = xsimd::fma(q, square, Vector<A>(2.06390887954e-2f));
  q = xsimd::fma(q, square, Vector<A>(-5.37397155531e-2f));
  q = xsimd::fma(q, square, Vector<A>(1.33314422036e-1f));
  q = xsimd::fma(q, square, Vector<A>(-3.33332819422e-1f));
  const Vector<A> near = xsimd::fma(q * square, x, x);

  const Vector<A> signed_far = xsimd::select(x < Vector<A>(0.0f), -far, far);
  return xsimd::select(size < Vector<A>(0.625f), near, signed_far);
}

}  // namespace dcrnn::kernels::simd
