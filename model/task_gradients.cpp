#include "model/task_gradients.hpp"

#include <algorithm>

#include "core/threads.hpp"

namespace dcrnn::model {

namespace {

/// Elements that one thread compares or combines at a time; fixes the order of the sums.
constexpr std::size_t kPiece = 16384;

/// to[i] = sum over the sets of weight * from(set)[i].
template <class Real, class From>
void add_up(std::size_t T, const double* weight, std::size_t count, From&& from, Real* to) {
  for (std::size_t t = 0; t < T; ++t) {
    const Real* g = from(t);
    const auto w = static_cast<Real>(weight[t]);
    for (std::size_t i = 0; i < count; ++i) to[i] = t == 0 ? w * g[i] : to[i] + w * g[i];
  }
}

}  // namespace

template <class Real>
TaskGradients<Real>::TaskGradients(const Network& network, const kernels::Table<Real>& ops,
                                   TaskGradientsOf wanted)
    : ops_(&ops) {
  if (wanted == TaskGradientsOf::nothing) return;
  const ParameterTable& table = network.table();
  const std::size_t T = network.tasks(), base = table.dense_begin();
  for (const LookupTable& lookup : table.lookups()) {
    if (lookup.owner == kEveryTask) shared_tables_.push_back(table_shared_.size());
    table_shared_.push_back(lookup.owner == kEveryTask);
  }
  sets_.resize(T);
  for (std::size_t t = 0; t < T; ++t) {
    Set& set = sets_[t];
    set.task = t;
    set.weights = WeightGradients<Real>(ops, network.gradients(t, wanted == TaskGradientsOf::shared));
    set.dense = Buffer<Real>(table.total() - base, "gradients of every task");
    set.rows.resize(table_shared_.size());
  }
  for (const Parameter& parameter : table.all()) {
    if (parameter.offset < base || parameter.owner == kObjective) continue;
    const bool shared = parameter.owner == kEveryTask;
    for (std::size_t first = 0; first < parameter.size; first += kPiece) {
      if (shared) shared_pieces_.push_back(pieces_.size());
      pieces_.push_back({parameter.offset - base + first, std::min(kPiece, parameter.size - first), shared});
    }
  }
  products_.resize((shared_pieces_.size() + shared_tables_.size()) * T * T);
  gram_.resize(T * T);
  scratch_.resize(T);
  weight_.resize(T);
  plain_.assign(T, 1.0);
  interference_ = {std::vector<double>(T), std::vector<double>(T * T)};
}

template <class Real>
void TaskGradients<Real>::complete(const Real* dense, const std::vector<SparseRows<Real>>& sparse,
                                   int threads) {
  const std::size_t last = sets_.size() - 1;
  // What the others leave of `total`; from(t) is what task t has of it.
  const auto rest = [&](const Real* total, std::size_t count, auto&& from, Real* to) {
    std::copy_n(total, count, to);
    for (std::size_t t = 0; t < last; ++t) {
      const Real* g = from(t);
      for (std::size_t i = 0; i < count; ++i) to[i] -= g[i];
    }
  };
  parallel_for(threads, shared_pieces_.size() + shared_tables_.size(), [&](std::size_t i, int) {
    if (i < shared_pieces_.size()) {
      const Piece& piece = pieces_[shared_pieces_[i]];
      rest(
          dense + piece.first, piece.count,
          [&](std::size_t t) { return sets_[t].dense.data() + piece.first; },
          sets_[last].dense.data() + piece.first);
    } else {
      const std::size_t table = shared_tables_[i - shared_pieces_.size()];
      const std::vector<Real>& total = sparse[table].gradient;
      std::vector<Real>& to = sets_[last].rows[table];
      to.resize(total.size());
      rest(
          total.data(), total.size(), [&](std::size_t t) { return sets_[t].rows[table].data(); }, to.data());
    }
  });
}

template <class Real>
void TaskGradients<Real>::compare(int threads) {
  const std::size_t T = sets_.size(), dense = shared_pieces_.size(), all = dense + shared_tables_.size();
  parallel_for(threads, all, [&](std::size_t i, int) {
    for (std::size_t t = 0; t < T; ++t) {
      for (std::size_t u = t; u < T; ++u) {
        double* product = &products_[(i * T + t) * T + u];
        if (i < dense) {
          const Piece& piece = pieces_[shared_pieces_[i]];
          ops_->dot({piece.count, sets_[t].dense.data() + piece.first, sets_[u].dense.data() + piece.first,
                     product});
        } else {
          const std::size_t table = shared_tables_[i - dense];
          const std::vector<Real>& rows = sets_[t].rows[table];
          ops_->dot({rows.size(), rows.data(), sets_[u].rows[table].data(), product});
        }
      }
    }
  });
  for (std::size_t t = 0; t < T; ++t) {
    for (std::size_t u = t; u < T; ++u) {
      double sum = 0;
      for (std::size_t i = 0; i < all; ++i) sum += products_[(i * T + t) * T + u];
      gram_[t * T + u] = gram_[u * T + t] = sum;
    }
  }
  compare_gradients(gram_.data(), T, interference_.norm.data(), interference_.cosine.data());
}

template <class Real>
void TaskGradients<Real>::combine(std::uint64_t step, int threads, Real* dense,
                                  std::vector<SparseRows<Real>>& sparse) {
  const std::size_t T = sets_.size();
  project_conflicts(gram_.data(), T, step, scratch_.data(), weight_.data());
  parallel_for(threads, pieces_.size() + table_shared_.size(), [&](std::size_t i, int) {
    if (i < pieces_.size()) {
      const Piece& piece = pieces_[i];
      add_up(
          T, piece.shared ? weight_.data() : plain_.data(), piece.count,
          [&](std::size_t t) { return sets_[t].dense.data() + piece.first; }, dense + piece.first);
    } else {
      const std::size_t table = i - pieces_.size();
      std::vector<Real>& to = sparse[table].gradient;
      to.resize(sets_[0].rows[table].size());
      add_up(
          T, table_shared_[table] ? weight_.data() : plain_.data(), to.size(),
          [&](std::size_t t) { return sets_[t].rows[table].data(); }, to.data());
    }
  });
}

template class TaskGradients<float>;
template class TaskGradients<double>;

}  // namespace dcrnn::model
