#include "model/gradient_engine.hpp"

#include <algorithm>

namespace dcrnn::model {

namespace {

/// A gradient computed as a difference of larger ones keeps some four digits above this share of them.
constexpr double kLeastRest = 0.01;

}  // namespace

template <class Real>
GradientEngine<Real>::GradientEngine(const ModelConfig& config, const ParameterTable& table,
                                     const kernels::Table<Real>& ops, std::size_t capacity,
                                     std::size_t window, Build::Purpose purpose)
    : network_(config, table, purpose),
      ops_(ops),
      window_(std::min(capacity, round_up(std::min(window, capacity), kGroupRows))),
      packed_(ops, network_.plan().packs),
      arena_(network_.plan().arena, window_, "activations of a batch"),
      weight_gradients_(ops, network_.gradients()),
      dense_(table.total() - table.dense_begin(), "gradients"),
      sparse_(sparse_rows(capacity)),
      tasks_(network_, ops, purpose.tasks),
      sums_(network_.objective().sums()),
      block_losses_((capacity + kBlockRows - 1) / kBlockRows * sums_.size()) {}

template <class Real>
void GradientEngine<Real>::set_parameters(const Real* parameters, int threads) {
  parameters_ = parameters;
  packed_.refresh(parameters, threads);
}

template <class Real>
template <class F>
void GradientEngine<Real>::for_windows(const Batch& batch, F&& f) {
  const std::size_t B = batch.rows;
  labelled_ = !batch.labels.empty() && !batch.labels[0].empty();
  if (labelled_) network_.objective().set_targets(batch, parameters_, targets_);
  std::fill(block_losses_.begin(), block_losses_.end(), 0.0);
  for (std::size_t first = 0; first < B; first += window_) {
    const std::size_t count = std::min(window_, B - first);
    arena_.set_rows(count);
    f(first, count);
  }
  if (!labelled_) return;
  std::fill(sums_.begin(), sums_.end(), 0.0);
  for (std::size_t i = 0; i < block_losses_.size(); ++i) sums_[i % sums_.size()] += block_losses_[i];
  network_.objective().losses(targets_, sums_.data(), losses_);
}

/// For the window that begins at batch row `first`.
template <class Real>
void GradientEngine<Real>::run_blocks(const Batch& batch, std::size_t first, const DropoutState* dropout,
                                      int threads, const Targets& targets, const Way& way) {
  const std::size_t rows = arena_.rows();
  parallel_for(threads, (rows + kBlockRows - 1) / kBlockRows, [&](std::size_t i, int) {
    const std::size_t row = i * kBlockRows;
    const Pass<Real> pass{ops_,
                          parameters_,
                          packed_,
                          arena_,
                          batch,
                          row,
                          std::min(kBlockRows, rows - row),
                          first + row,
                          dropout,
                          labelled_ ? &targets : nullptr,
                          block_losses_.data() + (first + row) / kBlockRows * sums_.size(),
                          x0_};
    if (way.forward) network_.forward(pass);
    if (way.backward) network_.backward(pass, way.task);
  });
}

template <class Real>
void GradientEngine<Real>::forward(const Batch& batch, const DropoutState* dropout, int threads,
                                   const std::function<void()>& look) {
  for_windows(batch, [&](std::size_t first, std::size_t) {
    run_blocks(batch, first, dropout, threads, targets_, {.forward = true});
    look();
  });
}

template <class Real>
void GradientEngine<Real>::forward_backward(const Batch& batch, const DropoutState* dropout, int threads) {
  passes(batch, dropout, threads, true, 0);
}

template <class Real>
void GradientEngine<Real>::forward_backward_tasks(const Batch& batch, const DropoutState* dropout,
                                                  int threads) {
  passes(batch, dropout, threads, false, tasks_.sets().size());
  tasks_.compare(threads);
}

template <class Real>
void GradientEngine<Real>::forward_backward_and_compare(const Batch& batch, const DropoutState* dropout,
                                                        int threads) {
  passes(batch, dropout, threads, true, tasks_.sets().size() - 1);
  tasks_.complete(dense_.data(), sparse_, threads);
  tasks_.compare(threads);
  const std::vector<double>& norm = interference().norm;
  if (norm.back() < kLeastRest * *std::max_element(norm.begin(), norm.end())) {
    forward_backward_tasks(batch, dropout, threads);
  }
}

template <class Real>
void GradientEngine<Real>::combine_tasks(std::uint64_t step, int threads) {
  tasks_.combine(step, threads, dense_.data(), sparse_);
}

template <class Real>
void GradientEngine<Real>::passes(const Batch& batch, const DropoutState* dropout, int threads, bool total,
                                  std::size_t tasks) {
  const std::size_t base = network_.table().dense_begin();
  for_windows(batch, [&](std::size_t first, std::size_t count) {
    const auto gather = [&] {
      network_.gather(Gather<Real>{ops_, batch, arena_, first, count, threads, sparse_});
    };
    if (total) {
      run_blocks(batch, first, dropout, threads, targets_, {.forward = true, .backward = true});
      weight_gradients_.run(arena_, dense_.data(), base, threads, first > 0);
      gather();
    }
    for (std::size_t t = 0; t < tasks; ++t) {
      auto& set = tasks_.sets()[t];
      if (first == 0) set.targets.take_task(targets_, set.task);
      const bool forward = !total && set.task == 0;
      run_blocks(batch, first, dropout, threads, set.targets,
                 {.forward = forward, .backward = true, .task = set.task});
      set.weights.run(arena_, set.dense.data(), base, threads, first > 0);
      swap_rows(set);
      gather();
      swap_rows(set);
    }
  });
  network_.objective().finish(targets_, losses_, base, dense_.data());
}

template <class Real>
void GradientEngine<Real>::swap_rows(typename TaskGradients<Real>::Set& set) {
  for (std::size_t i = 0; i < sparse_.size(); ++i) {
    // A set whose turn comes later may find the working memory grown already.
    set.rows[i].reserve(sparse_[i].gradient.capacity());
    set.rows[i].swap(sparse_[i].gradient);
  }
}

template <class Real>
std::vector<Real> GradientEngine<Real>::input_gradient() const {
  const Stream& x0 = network_.x0();
  std::vector<Real> dx0;
  if (x0.width == 0) return dx0;
  for (std::size_t b = 0; b < arena_.rows(); ++b) {
    const Real* row = arena_.at(x0.gradient, b, x0.gradient_layer);
    dx0.insert(dx0.end(), row, row + x0.width);
  }
  return dx0;
}

template <class Real>
void GradientEngine<Real>::copy_gradient(std::size_t parameter, Real* to) const {
  const ParameterTable& table = network_.table();
  const Parameter& info = table.all()[parameter];
  if (info.offset >= table.dense_begin()) {
    std::copy_n(dense_.data() + (info.offset - table.dense_begin()), info.size, to);
    return;
  }
  std::fill_n(to, info.size, Real{0});
  for (std::size_t i = 0; i < sparse_.size(); ++i) {
    if (table.lookups()[i].offset != info.offset) continue;
    const SparseRows<Real>& sparse = sparse_[i];
    for (std::size_t j = 0; j < sparse.touched.size(); ++j) {
      std::copy_n(sparse.gradient.data() + j * sparse.width, sparse.width,
                  to + sparse.touched[j] * sparse.width);
    }
  }
}

/// Working memory for the gradients of the tables in batches of up to `capacity` rows.
template <class Real>
std::vector<SparseRows<Real>> GradientEngine<Real>::sparse_rows(std::size_t capacity) const {
  std::vector<SparseRows<Real>> sparse;
  for (const LookupTable& lookup : network_.table().lookups()) {
    SparseRows<Real>& rows = sparse.emplace_back();
    rows.width = lookup.width;
    rows.slot_of.assign(lookup.rows, SparseRows<Real>::kNone);
    rows.reserve(lookup.rows, capacity);
  }
  return sparse;
}

template class GradientEngine<float>;
template class GradientEngine<double>;

}  // namespace dcrnn::model
