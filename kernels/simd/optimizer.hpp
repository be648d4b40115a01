// Update rules on flat spans, and the sum of squares that clipping needs.
#pragma once

#include <cstddef>

#include "kernels/simd/lanes.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

template <class A>
void adam(const Adam<float>& o) {
  const Vector<A> grad_scale(o.grad_scale), coupled(o.decoupled ? 0.0f : o.decay);
  const Vector<A> shrink(o.decoupled ? o.rate * o.decay : 0.0f), rate(o.rate), epsilon(o.epsilon);
  const Vector<A> beta1(o.beta1), beta2(o.beta2), rest1(1 - o.beta1), rest2(1 - o.beta2);
  const Vector<A> correction1(o.correction1), correction2(o.correction2);
  for_lanes<A>(o.n, [&](std::size_t i, auto lanes) {
    const Vector<A> p = lanes.load(o.p + i);
    const Vector<A> g = xsimd::fma(coupled, p, grad_scale * lanes.load(o.grad + i));
    const Vector<A> m = xsimd::fma(beta1, lanes.load(o.m + i), rest1 * g);
    const Vector<A> v = xsimd::fma(beta2, lanes.load(o.v + i), rest2 * g * g);
    const Vector<A> step = m / correction1 / (xsimd::sqrt(v / correction2) + epsilon);
    lanes.store(o.m + i, m);
    lanes.store(o.v + i, v);
    lanes.store(o.p + i, p - shrink * p - rate * step);
  });
}

template <class A>
void sgd(const Sgd<float>& o) {
  const Vector<A> grad_scale(o.grad_scale), decay(o.decay), momentum(o.momentum), rate(o.rate);
  for_lanes<A>(o.n, [&](std::size_t i, auto lanes) {
    const Vector<A> p = lanes.load(o.p + i);
    const Vector<A> g = xsimd::fma(decay, p, grad_scale * lanes.load(o.grad + i));
    const Vector<A> m = xsimd::fma(momentum, lanes.load(o.m + i), g);
    lanes.store(o.m + i, m);
    lanes.store(o.p + i, p - rate * m);
  });
}

template <class A>
void adagrad(const Adagrad<float>& o) {
  const Vector<A> grad_scale(o.grad_scale), decay(o.decay), rate(o.rate), epsilon(o.epsilon);
  for_lanes<A>(o.n, [&](std::size_t i, auto lanes) {
    const Vector<A> p = lanes.load(o.p + i);
    const Vector<A> g = xsimd::fma(decay, p, grad_scale * lanes.load(o.grad + i));
    const Vector<A> s = xsimd::fma(g, g, lanes.load(o.s + i));
    lanes.store(o.s + i, s);
    lanes.store(o.p + i, p - rate * g / (xsimd::sqrt(s) + epsilon));
  });
}

template <class A>
void square_sum(const SquareSum<float>& p) {
  constexpr std::size_t kSums = 16;  // the same for every architecture, and with it the order of the sum
  double sum[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= p.n; i += kSums) {
    for (std::size_t j = 0; j < kSums; ++j) {
      const double x = p.x[i + j];
      sum[j] += x * x;
    }
  }
  double total = 0;
  for (; i < p.n; ++i) total += static_cast<double>(p.x[i]) * static_cast<double>(p.x[i]);
  for (std::size_t j = 0; j < kSums; ++j) total += sum[j];
  *p.out = total;
}

}  // namespace dcrnn::kernels::simd
