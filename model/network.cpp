#include "model/network.hpp"

#include "core/failure.hpp"

namespace dcrnn::model {

Network::Network(const ModelConfig& config, const ParameterTable& table, Mode mode) : table_(table) {
  builder_.training = mode == Mode::train;
  for (const Task& task : config.tasks) task_names_.push_back(task.name);
  const std::size_t T = config.tasks.size();

  cross_ = Cross(builder_, table_, config.cross.layers, config.cross.tied);
  embedding_ = Embedding(builder_, config, table_, cross_.input());

  Stream shared = cross_.output();
  std::vector<Stream> thin(T, cross_.output());
  for (const SharingLayout& layout : table_.sharing) {
    sharing_.emplace_back(builder_, layout, shared, thin);
    shared = sharing_.back().shared();
    thin = sharing_.back().out();
  }
  for (std::size_t t = 0; t < T; ++t) {
    towers_.emplace_back(builder_, table_.tower[t], thin[t]);
    representations_.push_back(towers_.back().output());
    transfers_.emplace_back();
    if (table_.transfer[t].state > 0) {
      transfers_.back() = std::make_unique<Transfer>(builder_, table_.transfer[t], representations_[t],
                                                     representations_[config.tasks[t].parent]);
      representations_[t] = transfers_.back()->output();
    }
  }
  loss_ = Loss(builder_, config);
  for (std::size_t t = 0; t < T; ++t) {
    heads_.emplace_back(builder_, table_.head[t]);
    if (builder_.training) {
      heads_[t].plan_gradient(builder_.gradients, loss_.dlogit(), t, representations_[t]);
    }
  }
}

template <class Real>
void Network::forward(const Pass<Real>& pass, const Batch& batch) const {
  const std::size_t T = heads_.size();
  embedding_.forward(pass, batch);
  cross_.forward(pass);
  for (const SharingBlock& block : sharing_) block.forward(pass);
  for (std::size_t t = 0; t < T; ++t) {
    towers_[t].forward(pass);
    if (transfers_[t]) transfers_[t]->forward(pass);
    const Stream& y = representations_[t];
    heads_[t].forward(pass, y, kernels::Activation::none, pass.at(loss_.logit()) + t, T);
  }
}

template <class Real>
void Network::backward(const Pass<Real>& pass) const {
  const std::size_t T = heads_.size();
  pass.clear(cross_.output().gradient);
  for (const SharingBlock& block : sharing_) block.clear_gradients(pass);
  for (std::size_t t = 0; t < T; ++t) {
    towers_[t].clear_gradients(pass);
    if (transfers_[t]) transfers_[t]->clear_gradients(pass);
  }
  // Children come after their parents, so their gradients are complete when the parents' turn comes.
  for (std::size_t t = T; t-- > 0;) {
    const Stream& y = representations_[t];
    heads_[t].backward(pass, pass.at(loss_.dlogit()) + t, T, y);
    if (transfers_[t]) transfers_[t]->backward(pass);
    towers_[t].backward(pass);
  }
  for (std::size_t k = sharing_.size(); k-- > 0;) sharing_[k].backward(pass);
  cross_.backward(pass);
  embedding_.backward(pass);
}

template <class Real>
void Network::trace(const Arena<Real>& arena, const TraceSink<Real>& sink) const {
  const std::size_t B = arena.rows(), T = heads_.size();
  sink.copy("x0", arena.at(x0().value), B, x0().width, x0().ld());
  cross_.trace(arena, sink);
  for (std::size_t k = 0; k < sharing_.size(); ++k) {
    sharing_[k].trace(arena, sink, "sharing." + std::to_string(k) + ".", task_names_);
  }
  for (std::size_t t = 0; t < T; ++t) {
    towers_[t].trace(arena, sink, task_names_[t]);
    if (transfers_[t]) transfers_[t]->trace(arena, sink, task_names_[t]);
  }
  sink.copy("logit", arena.at(loss_.logit()), B, T, T);
  sink.copy("probability", arena.at(loss_.probability()), B, T, T);
}

template void Network::forward(const Pass<float>&, const Batch&) const;
template void Network::forward(const Pass<double>&, const Batch&) const;
template void Network::backward(const Pass<float>&) const;
template void Network::backward(const Pass<double>&) const;
template void Network::trace(const Arena<float>&, const TraceSink<float>&) const;
template void Network::trace(const Arena<double>&, const TraceSink<double>&) const;

}  // namespace dcrnn::model
