// Update rules on flat spans or on rows of a table.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/simd/lanes.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

/// Calls f(i, j, lanes) for the vectors of all elements: i their place in the parameters and the state, j in
/// the gradient. ahead(i) prefetches what will be needed at i.
template <class A, class Rule, class Ahead, class F>
[[gnu::always_inline]] inline void for_vectors(const Rule& o, Ahead&& ahead, F&& f) {
  constexpr std::size_t kRowsAhead = 8;
  const std::uint32_t* const rows = o.touched.rows;  // null: a span, like the one row of a table
  for (std::size_t row = 0; row < o.touched.count; ++row) {
    if (rows != nullptr && row + kRowsAhead < o.touched.count) ahead(rows[row + kRowsAhead] * o.n);
    const std::size_t first = rows != nullptr ? rows[row] * o.n : 0;
    for_lanes<A>(o.n, [&](std::size_t j, auto lanes) { f(first + j, row * o.n + j, lanes); });
  }
}

template <class A>
void adam(const Adam<float>& o) {
  const Vector<A> grad_scale(o.grad_scale), coupled(o.decoupled ? 0.0f : o.decay);
  const Vector<A> shrink(o.decoupled ? o.rate * o.decay : 0.0f), epsilon(o.epsilon);
  const Vector<A> beta1(o.beta1), beta2(o.beta2), rest1(1 - o.beta1), rest2(1 - o.beta2);
  // rate * (m / c1) / (sqrt(v / c2) + epsilon) with one division
  const Vector<A> rate(o.rate / o.correction1), root(1 / std::sqrt(o.correction2));
  const auto ahead = [&](std::size_t i) {
    prefetch<A, true>(o.p + i);
    prefetch<A, true>(o.m + i);
    prefetch<A, true>(o.v + i);
  };
  for_vectors<A>(o, ahead, [&](std::size_t i, std::size_t j, auto lanes) {
    const Vector<A> p = lanes.load(o.p + i);
    const Vector<A> g = multiply_add(coupled, p, grad_scale * lanes.load(o.grad + j));
    const Vector<A> m = multiply_add(beta1, lanes.load(o.m + i), rest1 * g);
    const Vector<A> v = multiply_add(beta2, lanes.load(o.v + i), rest2 * g * g);
    const Vector<A> step = quotient<A>(rate * m, multiply_add(xsimd::sqrt(v), root, epsilon));
    lanes.store(o.m + i, m);
    lanes.store(o.v + i, v);
    lanes.store(o.p + i, p - shrink * p - step);
  });
}

template <class A>
void sgd(const Sgd<float>& o) {
  const Vector<A> grad_scale(o.grad_scale), decay(o.decay), momentum(o.momentum), rate(o.rate);
  const auto ahead = [&](std::size_t i) {
    prefetch<A, true>(o.p + i);
    prefetch<A, true>(o.m + i);
  };
  for_vectors<A>(o, ahead, [&](std::size_t i, std::size_t j, auto lanes) {
    const Vector<A> p = lanes.load(o.p + i);
    const Vector<A> g = multiply_add(decay, p, grad_scale * lanes.load(o.grad + j));
    const Vector<A> m = multiply_add(momentum, lanes.load(o.m + i), g);
    lanes.store(o.m + i, m);
    lanes.store(o.p + i, p - rate * m);
  });
}

template <class A>
void adagrad(const Adagrad<float>& o) {
  const Vector<A> grad_scale(o.grad_scale), decay(o.decay), rate(o.rate), epsilon(o.epsilon);
  const auto ahead = [&](std::size_t i) {
    prefetch<A, true>(o.p + i);
    prefetch<A, true>(o.s + i);
  };
  for_vectors<A>(o, ahead, [&](std::size_t i, std::size_t j, auto lanes) {
    const Vector<A> p = lanes.load(o.p + i);
    const Vector<A> g = multiply_add(decay, p, grad_scale * lanes.load(o.grad + j));
    const Vector<A> s = multiply_add(g, g, lanes.load(o.s + i));
    lanes.store(o.s + i, s);
    lanes.store(o.p + i, p - quotient<A>(rate * g, xsimd::sqrt(s) + epsilon));
  });
}

}  // namespace dcrnn::kernels::simd
