// What we compare with: other libraries doing the same work, each at its best, on one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "bench/product.hpp"

namespace dcrnn::bench {

/// Work set up and ready to be timed, weights packed.
struct Job {
  std::function<void()> run;
  std::function<void()> finish;  ///< brings results to the task's plain layout, not timed; may be empty
};

/// A GRU layer of L steps with x0 as every input and as first state, textbook candidate, tied weights; gate
/// order r, z, n. All row-major; weights are known beforehand.
struct GruTask {
  std::size_t B, D, L;
  const float* x0;       ///< [B, D]
  const float* w;        ///< [3D, D]
  const float* u;        ///< [3D, D]
  const float* bias_ih;  ///< [3D]
  const float* bias_hh;  ///< [3D]
  const float* dh;       ///< [B, D] gradient of h^L
  float* h;              ///< [B, D] h^L
  float* dx0;            ///< [B, D]
  float* dw;             ///< [3D, D]
  float* du;             ///< [3D, D]
  float* dbias_ih;       ///< [3D]
  float* dbias_hh;       ///< [3D]
};

struct Peer {
  std::string name;
  std::string chose;                               ///< version, instruction set, core type
  std::function<Job(const ProductTask&)> product;  ///< may be empty
  std::function<Job(const GruTask&)> gru;          ///< forward and backward; may be empty
};

/// Those that were built in.
const std::vector<Peer>& peers();
/// Into the report: what each of them chose.
void tell_choices();

Peer eigen();
Peer openblas();
Peer onednn();
Peer libxsmm();

/// Of several ways to do the same, the one that is faster here.
Job fastest(const std::vector<Job>& jobs);

}  // namespace dcrnn::bench
