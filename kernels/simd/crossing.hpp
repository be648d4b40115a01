// The crossings of kernels/reference/crossing.hpp.
#pragma once

#include <cstddef>

#include "kernels/simd/lanes.hpp"
#include "kernels/simd/reduce.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

template <class A>
void crossing_forward(const CrossingForward<float>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for_lanes<A>(spread<A>(p.D, p.ld), [&](std::size_t j, auto lanes) {
      const std::size_t i = b * p.ld + j;
      Vector<A> by = lanes.load(p.u + i);
      if (p.g != nullptr) by = by * lanes.load(p.g + i);
      lanes.store(p.h_next + i, multiply_add(lanes.load(p.x0 + i), by, lanes.load(p.h + i)));
    });
  }
}

template <class A>
void crossing_backward(const CrossingBackward<float>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for_lanes<A>(spread<A>(p.D, p.ld), [&](std::size_t j, auto lanes) {
      const std::size_t i = b * p.ld + j;
      const Vector<A> dh_next = lanes.load(p.dh_next + i);
      const Vector<A> x0 = lanes.load(p.x0 + i);
      const Vector<A> u = lanes.load(p.u + i);
      Vector<A> dcrossed = dh_next;  // gradient of x0 * u
      if (p.g != nullptr) {
        const Vector<A> g = lanes.load(p.g + i);
        dcrossed = dh_next * g;
        lanes.store(p.da + i, dh_next * x0 * u * (g * (Vector<A>(1.0f) - g)));
      }
      lanes.store(p.dx0 + i, multiply_add(dcrossed, u, lanes.load(p.dx0 + i)));
      lanes.store(p.du + i, dcrossed * x0);
      if (p.dh != p.dh_next) lanes.store(p.dh + i, dh_next);
    });
  }
}

template <class A>
void vector_crossing_forward(const VectorCrossingForward<float>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const Vector<A> u(p.u[b]);
    for_lanes<A>(spread<A>(p.D, p.ld), [&](std::size_t j, auto lanes) {
      const std::size_t i = b * p.ld + j;
      const Vector<A> crossed = multiply_add(u, lanes.load(p.x0 + i), lanes.load(p.bias + j));
      lanes.store(p.h_next + i, lanes.load(p.h + i) + crossed);
    });
  }
}

template <class A>
void vector_crossing_backward(const VectorCrossingBackward<float>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    const Vector<A> u(p.u[b]);
    p.du[b] = static_cast<float>(inner_product<A>(p.D, p.dh_next + b * p.ld, p.x0 + b * p.ld));
    for_lanes<A>(spread<A>(p.D, p.ld), [&](std::size_t j, auto lanes) {
      const std::size_t i = b * p.ld + j;
      const Vector<A> dh_next = lanes.load(p.dh_next + i);
      lanes.store(p.dx0 + i, multiply_add(u, dh_next, lanes.load(p.dx0 + i)));
      if (p.dh != p.dh_next) lanes.store(p.dh + i, dh_next);
    });
  }
}

}  // namespace dcrnn::kernels::simd
