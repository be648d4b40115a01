// The gradients of the tasks' parts of the loss, each on its own; what they have to do with each other, and
// their combination.
#pragma once

#include <cstdint>
#include <vector>

#include "core/buffer.hpp"
#include "model/combination.hpp"
#include "model/network.hpp"
#include "model/sparse_rows.hpp"
#include "model/weight_gradients.hpp"

namespace dcrnn::model {

/// Norms [T] and cosines [T, T] of the tasks' gradients on the parameters of every task.
struct Interference {
  std::vector<double> norm, cosine;
};

template <class Real>
class TaskGradients {
 public:
  /// The gradients of one task's part.
  struct Set {
    std::size_t task = 0;
    Targets targets;
    WeightGradients<Real> weights;
    Buffer<Real> dense;                   ///< as GradientEngine::dense_gradients()
    std::vector<std::vector<Real>> rows;  ///< per table: of the rows that the batch touched
  };

  /// One set per task of the network, or none. Failure(memory).
  TaskGradients(const Network& network, const kernels::Table<Real>& ops, TaskGradientsOf wanted);

  std::vector<Set>& sets() { return sets_; }
  /// Makes the last set, of the parameters of every task, from those before it and the gradients of the
  /// total.
  void complete(const Real* dense, const std::vector<SparseRows<Real>>& sparse, int threads);
  /// Compares the sets, which must be complete: sums in double, in one order.
  void compare(int threads);
  /// As of the last compare().
  const Interference& interference() const { return interference_; }
  /// Puts in place of a plain gradient: for parameters of every task the combination by pcgrad, for a task's
  /// the sum over all sets; the objective's stay. `step`: optimizer steps taken before.
  void combine(std::uint64_t step, int threads, Real* dense, std::vector<SparseRows<Real>>& sparse);

 private:
  /// Elements of the dense gradients.
  struct Piece {
    std::size_t first, count;
    bool shared;
  };

  const kernels::Table<Real>* ops_;
  std::vector<Set> sets_;
  std::vector<Piece> pieces_;
  std::vector<std::size_t> shared_pieces_;
  std::vector<bool> table_shared_;  ///< per table
  std::vector<std::size_t> shared_tables_;
  std::vector<double> products_;  ///< per shared piece, then per shared table: [T, T]
  std::vector<double> gram_, scratch_, weight_, plain_;
  Interference interference_;
};

extern template class TaskGradients<float>;
extern template class TaskGradients<double>;

}  // namespace dcrnn::model
