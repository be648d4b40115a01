#include "model/gradient_engine.hpp"

#include <algorithm>

namespace dcrnn::model {

template <class Real>
GradientEngine<Real>::GradientEngine(const ModelConfig& config, const ParameterTable& table,
                                     const kernels::Table<Real>& ops, std::size_t capacity,
                                     std::size_t window)
    : network_(config, table, Network::Mode::train),
      ops_(ops),
      window_(std::min(capacity, round_up(std::min(window, capacity), kGroupRows))),
      packed_(ops, network_.plan().packs),
      arena_(network_.plan().arena, window_, "activations of a batch"),
      weight_gradients_(ops, network_.plan()),
      dense_(table.total() - table.dense_begin(), "gradients"),
      sparse_(network_.embedding().template sparse_rows<Real>(capacity)),
      losses_(network_.tasks()),
      block_losses_((capacity + kBlockRows - 1) / kBlockRows * network_.tasks()) {}

template <class Real>
void GradientEngine<Real>::set_parameters(const Real* parameters, int threads) {
  parameters_ = parameters;
  packed_.refresh(parameters, threads);
}

template <class Real>
template <class F>
void GradientEngine<Real>::for_windows(const Batch& batch, F&& f) {
  const std::size_t B = batch.rows, T = network_.tasks();
  labelled_ = !batch.labels.empty() && !batch.labels[0].empty();
  if (labelled_) network_.loss().set_targets(batch, targets_);
  std::fill(block_losses_.begin(), block_losses_.end(), 0.0);
  for (std::size_t first = 0; first < B; first += window_) {
    const std::size_t count = std::min(window_, B - first);
    arena_.set_rows(count);
    f(first, count);
  }
  if (!labelled_) return;
  for (std::size_t t = 0; t < T; ++t) {
    double sum = 0;
    for (std::size_t i = t; i < block_losses_.size(); i += T) sum += block_losses_[i];
    losses_[t] = targets_.share[t] > 0 ? sum * targets_.share[t] : 0;
  }
}

/// Forward and perhaps backward for the window that begins at batch row `first`.
template <class Real>
void GradientEngine<Real>::run_blocks(const Batch& batch, std::size_t first, const DropoutState* dropout,
                                      int threads, bool backward) {
  const std::size_t rows = arena_.rows(), T = network_.tasks();
  parallel_for(threads, (rows + kBlockRows - 1) / kBlockRows, [&](std::size_t i, int) {
    const std::size_t row = i * kBlockRows;
    const Pass<Real> pass{ops_,        parameters_, packed_, arena_, row, std::min(kBlockRows, rows - row),
                          first + row, dropout};
    network_.forward(pass, batch);
    network_.loss().forward(pass, labelled_ ? &targets_ : nullptr,
                            block_losses_.data() + pass.batch_row / kBlockRows * T);
    if (!backward) return;
    network_.loss().backward(pass, targets_);
    network_.backward(pass);
  });
}

template <class Real>
void GradientEngine<Real>::forward(const Batch& batch, const DropoutState* dropout, int threads,
                                   const std::function<void()>& look) {
  for_windows(batch, [&](std::size_t first, std::size_t) {
    run_blocks(batch, first, dropout, threads, false);
    look();
  });
}

template <class Real>
void GradientEngine<Real>::forward_backward(const Batch& batch, const DropoutState* dropout, int threads) {
  for_windows(batch, [&](std::size_t first, std::size_t count) {
    run_blocks(batch, first, dropout, threads, true);
    weight_gradients_.run(arena_, dense_.data(), network_.table().dense_begin(), threads, first > 0);
    network_.embedding().gradients(ops_, batch, {first, count}, arena_.at(network_.x0().gradient), threads,
                                   sparse_);
  });
}

template <class Real>
std::vector<Real> GradientEngine<Real>::input_gradient() const {
  const Stream x0 = network_.x0();
  std::vector<Real> dx0;
  for (std::size_t b = 0; b < arena_.rows(); ++b) {
    dx0.insert(dx0.end(), arena_.at(x0.gradient, b), arena_.at(x0.gradient, b) + x0.width);
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
  for (std::size_t f = 0; f < sparse_.size(); ++f) {
    if (table.table_rows[f] == 0 || table.tables[f] != info.offset) continue;
    const SparseRows<Real>& sparse = sparse_[f];
    for (std::size_t i = 0; i < sparse.touched.size(); ++i) {
      std::copy_n(sparse.gradient.data() + i * sparse.width, sparse.width,
                  to + sparse.touched[i] * sparse.width);
    }
  }
}

template class GradientEngine<float>;
template class GradientEngine<double>;

}  // namespace dcrnn::model
