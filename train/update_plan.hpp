// Which rule moves which dense parameter.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/config.hpp"
#include "model/parameters.hpp"
#include "optim/config.hpp"
#include "optim/muon.hpp"

namespace dcrnn::train {

/// A stretch of the arena whose elements are updated each on its own.
struct Span {
  std::size_t offset = 0, size = 0;
  bool decays = true;  ///< false: without weight decay
};

struct UpdatePlan {
  std::vector<Span> spans;              ///< short enough for one thread each
  std::vector<optim::Matrix> matrices;  ///< updated whole, by muon
};

/// The parts of `parameter` that muon takes for matrices, both extents at least 2: weights of cross, sharing
/// (but stitch), tower and transfer. A tensor is one matrix, gates stacked on each other too, but for the
/// state weights of candidate cross: r and z multiply the state, n the state that r has reset, so these are
/// two.
std::vector<optim::Matrix> muon_matrices(const model::Parameter& parameter, model::Candidate candidate);

/// For the dense parameters among `parameters`, which fill [begin, end) of the arena.
UpdatePlan plan_updates(std::span<const model::Parameter> parameters, std::size_t begin, std::size_t end,
                        OptimizerKind kind, model::Candidate candidate);

}  // namespace dcrnn::train
