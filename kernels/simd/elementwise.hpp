// Elementwise ops: the activations over spans, the gate of a sharing block, dropout.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/random.hpp"
#include "kernels/simd/math.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels::simd {

template <class A>
[[gnu::flatten]] void exp(const Map<float>& p) {
  for_lanes<A>(p.n, [&](std::size_t i, auto lanes) { lanes.store(p.y + i, exp<A>(lanes.load(p.x + i))); });
}

template <class A>
[[gnu::flatten]] void tanh(const Map<float>& p) {
  for_lanes<A>(p.n, [&](std::size_t i, auto lanes) { lanes.store(p.y + i, tanh<A>(lanes.load(p.x + i))); });
}

template <class A>
[[gnu::flatten]] void sigmoid(const Map<float>& p) {
  for_lanes<A>(p.n,
               [&](std::size_t i, auto lanes) { lanes.store(p.y + i, sigmoid<A>(lanes.load(p.x + i))); });
}

template <class A>
[[gnu::flatten]] void silu(const Map<float>& p) {
  for_lanes<A>(p.n, [&](std::size_t i, auto lanes) { lanes.store(p.y + i, silu<A>(lanes.load(p.x + i))); });
}

template <class A>
void relu_backward(const ReluBackward<float>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for_lanes<A>(p.N, [&](std::size_t n, auto lanes) {
      const Vector<A> zero(0.0f);
      const Vector<A> dy = lanes.load(p.dy + b * p.ld_dy + n);
      lanes.store(p.dx + b * p.ld_dx + n, xsimd::select(lanes.load(p.y + b * p.ldy + n) > zero, dy, zero));
    });
  }
}

template <class A>
[[gnu::flatten]] void silu_backward(const SiluBackward<float>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for_lanes<A>(p.N, [&](std::size_t n, auto lanes) {
      const Vector<A> a = lanes.load(p.a + b * p.lda + n);
      const Logistic<A> sigma(a);
      const Vector<A> slope = sigma.value * multiply_add(a, sigma.complement, Vector<A>(1.0f));
      lanes.store(p.dx + b * p.ld_dx + n, lanes.load(p.dy + b * p.ld_dy + n) * slope);
    });
  }
}

template <class A>
void gate_forward(const GateForward<float>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for_lanes<A>(p.S, [&](std::size_t n, auto lanes) {
      const Vector<A> s = lanes.load(p.s + b * p.ld_s + n);
      lanes.store(p.out + b * p.ld_out + n, p.g != nullptr ? lanes.load(p.g + b * p.g_row + n) * s : s);
    });
  }
}

template <class A>
void gate_backward(const GateBackward<float>& p) {
  for (std::size_t b = 0; b < p.B; ++b) {
    for_lanes<A>(p.S, [&](std::size_t n, auto lanes) {
      float* ds = p.ds + b * p.ld_s + n;
      const Vector<A> dout = lanes.load(p.dout + b * p.ld_dout + n);
      if (p.g == nullptr) {
        lanes.store(ds, lanes.load(ds) + dout);
        return;
      }
      const Vector<A> g = lanes.load(p.g + b * p.g_row + n);
      const Vector<A> s = lanes.load(p.s + b * p.ld_s + n);
      lanes.store(ds, multiply_add(dout, g, lanes.load(ds)));
      lanes.store(p.da + b * p.ld_s + n, dout * s * (g * (Vector<A>(1.0f) - g)));
    });
  }
}

/// `kCount` consecutive blocks of four words of core's philox, for dropout: words[i][block] is word i of
/// block index + block. Blocks side by side let the compiler use vectors.
template <class A, std::size_t kCount>
[[gnu::always_inline]] inline void dropout_words(std::uint64_t seed, std::uint32_t stream,
                                                 std::uint64_t index, std::uint32_t (&words)[4][kCount]) {
  for (std::size_t i = 0; i < kCount; ++i) {
    words[0][i] = static_cast<std::uint32_t>(index + i);
    words[1][i] = static_cast<std::uint32_t>((index + i) >> 32);
    words[2][i] = stream;
    words[3][i] = static_cast<std::uint32_t>(RandomUse::dropout);
  }
  std::uint32_t k0 = static_cast<std::uint32_t>(seed);
  std::uint32_t k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < kCount; ++i) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * words[0][i];
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * words[2][i];
      words[0][i] = static_cast<std::uint32_t>(p1 >> 32) ^ words[1][i] ^ k0;
      words[1][i] = static_cast<std::uint32_t>(p1);
      words[2][i] = static_cast<std::uint32_t>(p0 >> 32) ^ words[3][i] ^ k1;
      words[3][i] = static_cast<std::uint32_t>(p0);
    }
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
}

template <class A>
void dropout(const Dropout<float>& p) {
  constexpr std::size_t kBlocks = 8;
  const std::size_t blocks = (p.N + 3) / 4;
  for (std::size_t b = 0; b < p.B; ++b) {
    float* x = p.x + b * p.ldx;
    for (std::size_t block = 0; block < blocks; block += kBlocks) {
      std::uint32_t words[4][kBlocks];
      dropout_words<A>(p.seed, p.stream, (p.first_row + b) * blocks + block, words);
      for (std::size_t n = block * 4; n < p.N && n < (block + kBlocks) * 4; ++n) {
        x[n] = words[n % 4][n / 4 - block] < p.threshold ? 0.0f : x[n] * p.scale;
      }
    }
  }
}

}  // namespace dcrnn::kernels::simd
