// What the update rules remember of every parameter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/buffer.hpp"
#include "optim/config.hpp"

namespace dcrnn::optim {

/// Numbers a rule remembers per parameter: adam and adamw m and v, sgd m, adagrad s, muon its M (and what
/// adamw remembers of the parameters that are no matrices).
constexpr std::size_t state_arrays(OptimizerKind kind) {
  return kind == OptimizerKind::sgd || kind == OptimizerKind::adagrad ? 1 : 2;
}

/// Which of them is a sum of squares: adam's, adamw's and muon's v, adagrad's s. sgd has none: what is beyond
/// its arrays.
constexpr std::size_t square_array(OptimizerKind kind) {
  return kind == OptimizerKind::adagrad ? 0 : 1;
}

/// Elements [begin, end) of a state array, all of them sums of squares.
struct Squares {
  std::size_t array, begin, end;
};

/// Arrays over an arena of parameters whose tables end, and whose dense part begins, at one place. Each
/// covers the parts whose rule needs it, so that its elements lie as those of the arena do.
class State {
 public:
  /// Zeros for tables in [0, dense_begin) and dense parameters in [dense_begin, total). Failure(memory).
  State(OptimizerKind tables, OptimizerKind dense, std::size_t dense_begin, std::size_t total) {
    for (std::size_t i = 0; i < state_arrays(tables) || i < state_arrays(dense); ++i) {
      begins_.push_back(i < state_arrays(tables) ? 0 : dense_begin);
      arrays_.emplace_back((i < state_arrays(dense) ? total : dense_begin) - begins_[i], "optimizer state");
    }
    add_squares(tables, 0, dense_begin);
    add_squares(dense, dense_begin, total);
  }

  /// Element `offset` of the arena in array i.
  float* at(std::size_t i, std::size_t offset) { return arrays_[i].data() + (offset - begins_[i]); }
  const float* at(std::size_t i, std::size_t offset) const {
    return arrays_[i].data() + (offset - begins_[i]);
  }
  /// False if array i has nothing for that element.
  bool covers(std::size_t i, std::size_t offset) const {
    return offset >= begins_[i] && offset - begins_[i] < arrays_[i].size();
  }
  std::vector<Buffer<float>>& arrays() { return arrays_; }
  const std::vector<Buffer<float>>& arrays() const { return arrays_; }

  const std::vector<Squares>& squares() const { return squares_; }

  std::uint64_t steps = 0;  ///< done so far

 private:
  /// Of the parameters in [begin, end) of the arena.
  void add_squares(OptimizerKind kind, std::size_t begin, std::size_t end) {
    const std::size_t array = square_array(kind);
    if (array < state_arrays(kind)) squares_.push_back({array, begin - begins_[array], end - begins_[array]});
  }

  std::vector<std::size_t> begins_;
  std::vector<Buffer<float>> arrays_;
  std::vector<Squares> squares_;
};

}  // namespace dcrnn::optim
