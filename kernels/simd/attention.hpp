// The attention of kernels/reference/attention.hpp.
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/simd/lanes.hpp"
#include "kernels/simd/reduce.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

/// The order of query, key and value in a row of q and p.
enum Projection : std::size_t { kQuery, kKey, kValue };

template <class A>
void attention_forward(const AttentionForward<float>& p) {
  const std::size_t H = p.H, ld = p.ld;
  const double scale = 1 / std::sqrt(static_cast<double>(H));
  for (std::size_t b = 0; b < p.B; ++b) {
    const float *q = p.q + b * 3 * ld, *own = p.p + b * 3 * ld;

    // 1. e = Q . K / sqrt(H)
    const double e_q = scale * inner_product<A>(H, q + kQuery * ld, q + kKey * ld);
    const double e_p = scale * inner_product<A>(H, own + kQuery * ld, own + kKey * ld);

    // 2. a = softmax(e_q, e_p)
    const double small = std::exp(-std::abs(e_q - e_p)), larger = 1 / (1 + small),
                 smaller = small / (1 + small);
    p.a[b * 2] = static_cast<float>(e_q < e_p ? smaller : larger);
    p.a[b * 2 + 1] = static_cast<float>(e_q < e_p ? larger : smaller);

    // 3. y = a_q V_q + a_p V_p
    const Vector<A> a_q(p.a[b * 2]), a_p(p.a[b * 2 + 1]);
    for_lanes<A>(spread<A>(H, ld), [&](std::size_t j, auto lanes) {
      const Vector<A> v_q = lanes.load(q + kValue * ld + j), v_p = lanes.load(own + kValue * ld + j);
      lanes.store(p.y + b * ld + j, multiply_add(a_q, v_q, a_p * v_p));
    });
  }
}

template <class A>
void attention_backward(const AttentionBackward<float>& p) {
  const std::size_t H = p.H, ld = p.ld;
  const double scale = 1 / std::sqrt(static_cast<double>(H));
  for (std::size_t b = 0; b < p.B; ++b) {
    const float *q = p.q + b * 3 * ld, *own = p.p + b * 3 * ld, *dy = p.dy + b * ld;
    float *dq = p.dq + b * 3 * ld, *dp = p.dp + b * 3 * ld;

    // 3. y = a_q V_q + a_p V_p
    // 2. a = softmax(e_q, e_p)
    const float *v_q = q + kValue * ld, *v_p = own + kValue * ld;
    const double between = sum_of<A>(H, [&](std::size_t j) {
      return static_cast<double>(dy[j]) * (static_cast<double>(v_q[j]) - static_cast<double>(v_p[j]));
    });
    const double de_q = static_cast<double>(p.a[b * 2]) * static_cast<double>(p.a[b * 2 + 1]) * between;

    // 1. e = Q . K / sqrt(H)
    const Vector<A> a_q(p.a[b * 2]), a_p(p.a[b * 2 + 1]), to_q(static_cast<float>(scale * de_q));
    for_lanes<A>(spread<A>(H, ld), [&](std::size_t j, auto lanes) {
      const auto move = [&](const float* from, float* to, const Vector<A>& a, const Vector<A>& de) {
        const Vector<A> query = lanes.load(from + kQuery * ld + j), key = lanes.load(from + kKey * ld + j);
        lanes.store(to + kQuery * ld + j, de * key);
        lanes.store(to + kKey * ld + j, de * query);
        lanes.store(to + kValue * ld + j, a * lanes.load(dy + j));
      };
      move(q, dq, a_q, to_q);
      move(own, dp, a_p, -to_q);
    });
  }
}

}  // namespace dcrnn::kernels::simd
